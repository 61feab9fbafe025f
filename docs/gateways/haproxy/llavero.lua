-- Ask Llavero about a request, and hand its refusal to the caller; see haproxy.cfg.
--
-- The variable txn.llavero is "allowed" after a 200 and nothing else. HAProxy goes on with a request when a
-- script fails, so it is the rule behind this action in haproxy.cfg that refuses.

-- Where Llavero listens: its unix socket, or an address such as "ipv4@127.0.0.1:7480".
local GATE = "unix@/run/llavero/gate.sock"

-- What Llavero needs of the client's headers: every name under `credentials` in llaverod.conf, the language of a
-- refusal, and what makes a request a preflight. (With `account header NAME`, NAME too: set it in haproxy.cfg.)
local NEEDED = { "x-app-key", "x-app-token", "x-vtex-api-appkey", "x-vtex-api-apptoken", "x-api-key", "authorization",
	"accept-language", "origin", "access-control-request-method" }

-- What the upstream learns.
local TOLD = { "x-llavero-account", "x-llavero-key", "x-llavero-external-id", "x-llavero-profile", "x-llavero-resource",
	"x-llavero-revision" }

-- Of the connection to Llavero, not of its answer.
local NOT_HANDED_ON = { ["connection"] = true, ["keep-alive"] = true, ["content-length"] = true,
	["transfer-encoding"] = true, ["date"] = true }

local SILENT = '{"type":"/causes/index_unavailable","title":"Service Unavailable","status":503,' ..
	'"detail":"The access check did not answer. Try again shortly.","cause":"index_unavailable"}'

-- A list of HAProxy begins at 0.
local function list(values)
	local found = {}
	for i = 0, #values do
		found[#found + 1] = values[i]
	end
	return found
end

local function question(txn)
	local headers = {
		["host"] = { "llavero" },
		["x-forwarded-method"] = { txn.f:method() },
		["x-forwarded-uri"] = { txn.f:pathq() },
		["x-real-ip"] = { txn.f:src() },
	}
	local sent = txn.http:req_get_headers()
	for _, name in ipairs(NEEDED) do
		if sent[name] then
			-- One that comes twice goes on twice: Llavero refuses it.
			headers[name] = list(sent[name])
		end
	end
	if sent["host"] then
		headers["x-forwarded-host"] = list(sent["host"])
	end
	return headers
end

local function is_verdict(answer)
	local kind = answer and answer.headers and answer.headers["content-type"]
	return answer and answer.status and answer.status >= 400 and answer.status < 600 and kind and
		kind[0]:find("^application/problem%+json") ~= nil
end

local function refuse(txn, answer)
	local reply = txn:reply()
	if is_verdict(answer) then
		reply:set_status(answer.status)
		for name, values in pairs(answer.headers) do
			if not NOT_HANDED_ON[name] then
				for _, value in ipairs(list(values)) do
					reply:add_header(name, value)
				end
			end
		end
		reply:set_body(answer.body)
	else
		reply:set_status(503)
		reply:add_header("content-type", "application/problem+json")
		reply:add_header("cache-control", "no-store")
		reply:add_header("retry-after", "1")
		reply:set_body(SILENT)
	end
	txn:done(reply)
end

-- HAProxy tries four times: half a second each makes two.
local TIMEOUT_MS = 500

core.register_action("llavero", { "http-req" }, function(txn)
	local answer = core.httpclient():get{ url = "http://llavero/auth/forwarded", dst = GATE, headers = question(txn), timeout = TIMEOUT_MS }
	-- Only Llavero says which revision it decided on.
	if not answer or answer.status ~= 200 or not answer.headers["x-llavero-revision"] then
		refuse(txn, answer)
		return
	end
	for _, name in ipairs(TOLD) do
		txn.http:req_del_header(name)
		if answer.headers[name] then
			txn.http:req_add_header(name, answer.headers[name][0])
		end
	end
	txn:set_var("txn.llavero", "allowed")
end)
