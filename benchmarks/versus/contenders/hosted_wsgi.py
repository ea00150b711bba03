"""A bare WSGI application on the servers that take any: what the server costs is all there is."""

CONTENDERS = {
    "granian": {
        "requires": ["granian==2.8.7"],
        "command": ["{venv}/bin/granian", "--interface", "wsgi", "--port", "{port}", "--workers", "1",
                    "--blocking-threads", "1", "--no-log", "--http", "1", "--working-dir", "{here}", "hosted_wsgi:app"],
    },
    "gunicorn, gthread": {
        "requires": ["gunicorn==27.0.1"],
        "command": ["{venv}/bin/gunicorn", "--bind", "127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4",
                    "--log-level", "critical", "--keep-alive", "3600", "--chdir", "{here}", "hosted_wsgi:app"],
    },
    "fastpysgi": {
        "requires": ["fastpysgi==0.6"],
        "command": ["{python}", "{here}/hosted_wsgi.py", "fastpysgi", "{port}"],
    },
    "uWSGI": {
        "requires": ["pyuwsgi==2.0.30.post1"],
        "command": ["{venv}/bin/uwsgi", "--http11-socket", "127.0.0.1:{port}", "--module", "hosted_wsgi:app",
                    "--pythonpath", "{here}", "--disable-logging", "--single-interpreter", "--so-keepalive",
                    "--socket-timeout", "3600", "--listen", "100", "--enable-threads", "--threads", "64"],
    },
    "bjoern": {
        "requires": ["bjoern-binary==3.2.2"],
        "command": ["{python}", "{here}/hosted_wsgi.py", "bjoern", "{port}"],
    },
}  # fmt: skip


def app(environ, start_response):
    if environ["PATH_INFO"] == "/upload":
        body, size = environ["wsgi.input"], 0
        while piece := body.read(65536):
            size += len(piece)
        content = b'{"size":%d}' % size
    else:
        content = b'{"hello":"world"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def _fastpysgi(port):
    import fastpysgi

    fastpysgi.server.add_header_server = None
    fastpysgi.run(app, host="127.0.0.1", port=port, loglevel=0)


def _bjoern(port):
    import bjoern

    bjoern.run(app, "127.0.0.1", port)


if __name__ == "__main__":
    import sys

    {"fastpysgi": _fastpysgi, "bjoern": _bjoern}[sys.argv[1]](int(sys.argv[2]))
