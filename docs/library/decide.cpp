// Decide one request with libllavero, in C++17.
//
//   c++ -std=c++17 decide.cpp $(pkg-config --cflags --libs llavero) -o decide
//   printf 'X-App-Key: ...\nX-App-Token: ...\n' | ./decide /var/lib/llavero GET /orders/7
//
// Exit code: 0 allowed, 1 refused, 3 could not ask.
#include <llavero.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct closer {
	void operator()(llv *handle) const { llv_close(&handle); }
};
using handle = std::unique_ptr<llv, closer>;

llv_span span_of(std::string_view text) { return { text.data(), text.size() }; }

std::string_view text_of(llv_span span)
{
	return span.ptr == nullptr ? std::string_view{} : std::string_view{ span.ptr, span.len };
}

handle open_all(const std::string &data)
{
	const std::string index = data + "/index", ledger = data + "/ledger";
	const std::string sealing_key = data + "/gate/sealing.key";
	llv_setup setup{};
	llv *opened = nullptr;

	setup.size = sizeof(setup);
	setup.index_dir = index.c_str();
	setup.ledger_dir = ledger.c_str();
	setup.sealing_key = sealing_key.c_str();
	if (const auto status = llv_open(&setup, &opened); status != LLV_OK)
		throw std::runtime_error(llv_status_name(status));
	return handle(opened);
}

} // namespace

int main(int argc, char **argv)
try {
	if (argc != 4)
		throw std::runtime_error("usage: decide DATA-DIR METHOD TARGET < HEADERS");

	std::vector<std::string> lines;
	std::vector<llv_header> headers;
	for (std::string line; std::getline(std::cin, line);) {
		if (!line.empty() && line.back() == '\r')
			line.pop_back();
		lines.push_back(line);
	}
	for (const std::string_view line : lines)
		if (const auto colon = line.find(": "); colon != line.npos)
			headers.push_back({ span_of(line.substr(0, colon)), span_of(line.substr(colon + 2)) });

	const handle opened = open_all(argv[1]);
	llv_request request{};
	request.size = sizeof(request);
	request.method = span_of(argv[2]);
	request.target = span_of(argv[3]);
	request.headers = headers.data();
	request.headers_count = headers.size();
	llv_decision decision{};
	decision.size = sizeof(decision);
	const bool allowed = llv_decide(opened.get(), &request, &decision) == 1;

	std::cout << decision.http_status << ' ' << decision.cause << '\n';
	if (allowed)
		std::cout << text_of(decision.key) << " as " << text_of(decision.account) << ", by "
			  << text_of(decision.profile) << '\n';
	for (size_t i = 0; i < decision.headers_count; i++)
		std::cout << text_of(decision.headers[i].name) << ": "
			  << text_of(decision.headers[i].value) << '\n';
	if (!allowed)
		std::cout << '\n' << text_of(decision.body) << '\n';
	return allowed ? 0 : 1;
} catch (const std::exception &fault) {
	std::cerr << "decide: " << fault.what() << '\n';
	return 3;
}
