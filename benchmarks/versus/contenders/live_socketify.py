"""socketify's WebSockets, which are uWebSockets'."""

import sys

from socketify import App, CompressOptions

CONTENDERS = {
    "socketify": {
        "requires": ["socketify==0.0.31"],
        "command": ["{python}", "{here}/live_socketify.py", "{port}"],
    },
}


def ready(response, request):
    response.write_header(b"Content-Type", b"text/plain")
    response.end(b"ready")


def echo(websocket, message, opcode):
    websocket.send(message, opcode, compress=True)


if __name__ == "__main__":
    app = App()
    app.ws(
        "/echo",
        {"compression": CompressOptions.SHARED_COMPRESSOR, "max_payload_length": 1 << 20, "message": echo},
    )
    app.get("/ready", ready)
    app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"}, lambda config: None)
    app.run()
