"""pelton without Python: the C++ seam of examples/cpp_hello.cpp, on both engines.

Its POST route answers with the octets of the body, which it does not parse.
"""

CONTENDERS = {
    f"pelton C++, {engine}": {
        "command": ["{build}/examples/cpp_hello", "{port}", engine],
        "paths": {"json": "/", "pipelined": "/", "new_connection": "/", "param": "/items/12345",
                  "post": "/length", "post_records": "/length"},
        "answers": {"post": '{"length":1024}', "post_records": '{"length":1024}'},
    }
    for engine in ("epoll", "uring")
}  # fmt: skip
