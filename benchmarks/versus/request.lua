-- What wrk sends: arguments after -- are DEPTH METHOD BODY_FILE (- for none); requests of one depth
-- go out in one write.
local batch

function init(arguments)
  local depth, method, file = tonumber(arguments[1]), arguments[2], arguments[3]
  local headers, body = {}, nil
  if file ~= "-" then
    local opened = assert(io.open(file, "rb"))
    body = opened:read("*a")
    opened:close()
    headers["Content-Type"] = "application/json"
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
