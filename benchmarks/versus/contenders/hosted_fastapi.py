"""The application of framework_fastapi.py on pelton, in the environment of the tests, beside the same on uvicorn."""

_RUN = ["{pelton}", "run", "framework_fastapi:app", "--app-dir", "{here}", "--port", "{port}"]

CONTENDERS = {
    "FastAPI on pelton, epoll": {"command": [*_RUN, "--engine", "epoll"]},
    "FastAPI on pelton, uring": {"command": [*_RUN, "--engine", "uring"]},
    "FastAPI on uvicorn": {
        "requires": ["fastapi==0.165.0", "starlette==1.10.0", "pydantic==2.14.4", "python-multipart==0.0.34",
                     "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--no-server-header", "--app-dir", "{here}",
                    "framework_fastapi:app"],
    },
}  # fmt: skip
