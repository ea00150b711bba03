"""Bare WSGI without a framework: what the fastest WSGI servers can do."""

import sys

import orjson

CONTENDERS = {
    "fastpysgi WSGI": {
        "requires": ["fastpysgi==0.6", "orjson"],
        "command": ["{python}", "{here}/raw_wsgi.py", "{port}"],
    },
    "granian WSGI": {
        "requires": ["granian==2.8.7", "orjson"],
        "command": ["{venv}/bin/granian", "--interface", "wsgi", "--port", "{port}", "--workers", "1",
                    "--blocking-threads", "1", "--no-log", "--working-dir", "{here}", "raw_wsgi:app"],
    },
}  # fmt: skip


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/json":
        content = orjson.dumps({"hello": "world"})
    elif environ["REQUEST_METHOD"] == "POST":
        length = int(environ["CONTENT_LENGTH"])
        content = orjson.dumps({"count": len(orjson.loads(environ["wsgi.input"].read(length))["items"])})
    else:
        content = orjson.dumps({"id": int(path[7:])})
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    )
    return [content]


if __name__ == "__main__":
    import fastpysgi

    fastpysgi.server.add_header_server = None
    fastpysgi.run(app, host="127.0.0.1", port=int(sys.argv[1]), loglevel=0)
