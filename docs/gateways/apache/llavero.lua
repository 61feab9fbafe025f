-- Ask Llavero about a request, and hand its refusal to the caller; see llavero.conf.
--
-- Apache refuses with 500 when a script fails; here only a 200 of Llavero lets a request pass.
require "apache2"

-- Where Llavero listens: its unix socket. For an address: local GATE, PORT = "127.0.0.1", 7480
local GATE, PORT = "/run/llavero/gate.sock", nil
local TIMEOUT_S = 2

-- What Llavero needs of the client's headers: every name under `credentials` in llaverod.conf, the language of a
-- refusal, and what makes a request a preflight. (With `account header NAME`, NAME too: set it with RequestHeader early.)
local NEEDED = { "X-App-Key", "X-App-Token", "X-VTEX-API-AppKey", "X-VTEX-API-AppToken", "X-API-Key", "Authorization",
	"Accept-Language", "Origin", "Access-Control-Request-Method" }

-- What the upstream does not see: those of them that are a credential, ...
local CREDENTIALS = { "X-App-Key", "X-App-Token", "X-VTEX-API-AppKey", "X-VTEX-API-AppToken", "X-API-Key" }
-- ... and what a client may not say.
local FORGEABLE = { "^x%-llavero%-", "^x%-original%-", "^x%-forwarded%-", "^forwarded$", "^x%-real%-ip$", "^x%-rewrite%-url$",
	"^x%-http%-method", "^x%-method%-override$", "[^a-z0-9-]" }

-- What the upstream learns.
local TOLD = { "X-Llavero-Account", "X-Llavero-Key", "X-Llavero-External-Id", "X-Llavero-Profile", "X-Llavero-Resource",
	"X-Llavero-Revision" }

-- What the caller learns of a refusal.
local HANDED_ON = { "Cache-Control", "WWW-Authenticate", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Llavero-Cause",
	"X-Llavero-Status", "X-Llavero-Diagnosis", "Content-Language", "Vary" }

local ANSWER_MAX = 65536

local SILENT = '{"type":"/causes/index_unavailable","title":"Service Unavailable","status":503,' ..
	'"detail":"The access check did not answer. Try again shortly.","cause":"index_unavailable"}'

local socket = require "socket"
local unix = require "socket.unix"

local function connect()
	local connection, fault
	if PORT then
		connection, fault = socket.tcp()
	else
		connection, fault = unix.stream()
	end
	if not connection then
		return nil, fault
	end
	connection:settimeout(TIMEOUT_S, "t")
	local done
	if PORT then
		done, fault = connection:connect(GATE, PORT)
	else
		done, fault = connection:connect(GATE)
	end
	if not done then
		connection:close()
		return nil, fault
	end
	return connection
end

-- The bytes of the question; nil when a value could not be a header's.
local function question(r)
	local lines = { "GET /auth/forwarded HTTP/1.0" }
	local fit = true
	local function add(name, value)
		if value then
			fit = fit and not value:find("[%z\r\n]")
			lines[#lines + 1] = name .. ": " .. value
		end
	end
	add("Host", "llavero")
	add("X-Forwarded-Method", r.method)
	add("X-Forwarded-Uri", r.unparsed_uri)
	add("X-Forwarded-Host", r.headers_in["Host"])
	add("X-Real-IP", r.useragent_ip)
	for _, name in ipairs(NEEDED) do
		add(name, r.headers_in[name])
	end
	return fit and table.concat(lines, "\r\n") .. "\r\n\r\n" or nil
end

-- Llavero's answer { status, headers, body }, or nil: it is down, slow, or something else answers.
local function ask(r)
	local bytes = question(r)
	local connection = bytes and connect()
	if not connection then
		return nil
	end
	local answer = ""
	if connection:send(bytes) then
		local whole, fault, part = connection:receive(ANSWER_MAX)
		answer = whole or (fault == "closed" and part) or ""
	end
	connection:close()
	local status, head, body = answer:match("^HTTP/1%.[01] (%d%d%d)[^\r\n]*(\r\n.-\r\n)\r\n(.*)$")
	if not status then
		return nil
	end
	local headers = {}
	for name, value in head:gmatch("\r\n([^:\r\n]+):[ \t]*([^\r\n]*)") do
		headers[name:lower()] = value
	end
	if headers["content-length"] and tonumber(headers["content-length"]) ~= #body then
		return nil
	end
	return { status = tonumber(status), headers = headers, body = body }
end

local function refuse(r, answer)
	local kind = answer and answer.headers["content-type"] or ""
	if not answer or answer.status < 400 or not kind:find("^application/problem%+json") then
		answer = { status = 503, headers = { ["retry-after"] = "1", ["cache-control"] = "no-store" }, body = SILENT }
	end
	r.status = answer.status
	r.content_type = "application/problem+json"
	for _, name in ipairs(HANDED_ON) do
		if answer.headers[name:lower()] then
			r.err_headers_out[name] = answer.headers[name:lower()]
		end
	end
	r:write(answer.body)
	return apache2.DONE
end

local function forgeable(name)
	for _, pattern in ipairs(FORGEABLE) do
		if name:lower():find(pattern) then
			return true
		end
	end
	return false
end

function llavero(r)
	local answer = ask(r)
	-- Only Llavero says which revision it decided on.
	if not answer or answer.status ~= 200 or not answer.headers["x-llavero-revision"] then
		return refuse(r, answer)
	end
	for name in pairs(r:headers_in_table()) do
		if forgeable(name) then
			r.headers_in[name] = nil
		end
	end
	-- A client that has its token in Authorization must not show it to the upstream. With another pair of
	-- headers for the credential, Authorization is the upstream's own and goes through.
	local paired = false
	for _, name in ipairs(CREDENTIALS) do
		paired = paired or r.headers_in[name] ~= nil
		r.headers_in[name] = nil
	end
	if not paired then
		r.headers_in["Authorization"] = nil
	end
	for _, name in ipairs(TOLD) do
		r.headers_in[name] = answer.headers[name:lower()]
	end
	-- `Connection: X-Llavero-Key` would take that header off on the way to the upstream. A websocket passes, and no
	-- other protocol that a client would like to speak instead of HTTP.
	local wanted = (r.headers_in["Connection"] or ""):lower()
	local websocket = (r.headers_in["Upgrade"] or ""):lower() == "websocket" and wanted:find("upgrade", 1, true)
	if not websocket then
		r.headers_in["Upgrade"] = nil
	end
	r.headers_in["Connection"] = websocket and "Upgrade" or wanted:find("close", 1, true) and "close" or nil
	r.headers_in["X-Real-IP"] = r.useragent_ip
	r.headers_in["X-Forwarded-Proto"] = r.is_https and "https" or "http"
	return apache2.OK
end
