"""noria without Python: the C++ seam, on both engines."""

CONTENDERS = {
    f"noria C++, {engine}": {
        "command": ["{build}/examples/cpp_hello", "--port", "{port}", "--engine", engine],
    }
    for engine in ("epoll", "uring")
}
