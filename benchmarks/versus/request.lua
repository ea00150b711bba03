-- What wrk sends: arguments after -- are DEPTH METHOD BODY_FILE (- for none), fields come by -H;
-- requests of one depth go out in one write. A body is JSON unless a field says otherwise.
local batch

function init(arguments)
  local depth, method, file = tonumber(arguments[1]), arguments[2], arguments[3]
  local headers, body = {}, nil
  local typed = false
  for name, value in pairs(wrk.headers) do
    if name:lower() ~= "host" then headers[name] = value end
    typed = typed or name:lower() == "content-type"
  end
  if file ~= "-" then
    local opened = assert(io.open(file, "rb"))
    body = opened:read("*a")
    opened:close()
    if not typed then headers["Content-Type"] = "application/json" end
  end
  local requests = {}
  for i = 1, depth do
    requests[i] = wrk.format(method, nil, headers, body)
  end
  batch = table.concat(requests)
end

function request()
  return batch
end
