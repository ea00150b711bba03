"""h2spec in strict mode against pelton: over TLS and in clear text, on both engines.

Each of its cases has to pass. The one that does not apply is named below, with the reason.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

APP = "from pelton import App\napp = App()\napp.add_route('/', lambda: {'hello': 'world'})\napp.add_route('/', lambda: {}, methods=['POST'])\n"
DOES_NOT_APPLY = {
    # An answer of HTTP/1.1, which the same port serves, and then the end of the connection.
    "clear": {"Sends invalid connection preface"},
    "tls": set[str](),
}
FAILED = re.compile(r"× \d+: (.*)")
SUMMARY = re.compile(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed")


def certificate(folder: Path) -> list[str]:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-batch", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True, capture_output=True)
    return ["--ssl-certfile", "certificate.pem", "--ssl-keyfile", "key.pem"]


def judged(h2spec: str, engine: str, transport: str, folder: Path) -> str:
    """One run, as a line; SystemExit names what failed."""
    flags = certificate(folder) if transport == "tls" else ["--h2c"]
    command = [sys.executable, "-m", "pelton", "run", "web.py", "--port", "0", *flags]
    server = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env={**os.environ, "PELTON_ENGINE": engine})
    try:
        assert server.stderr is not None
        listening = next(found for line in server.stderr if (found := re.search(r"://[^:]+:(\d+)", line)))
        options = ["-S", "-h", "127.0.0.1", "-p", listening[1], *(["-t", "-k"] if transport == "tls" else [])]
        done = subprocess.run([h2spec, *options], capture_output=True, text=True, timeout=600, check=False)
    finally:
        server.terminate()
        server.wait(60)
    failed = set(FAILED.findall(done.stdout))
    summary = SUMMARY.search(done.stdout)
    if summary is None or int(summary[1]) < 140 or failed != DOES_NOT_APPLY[transport]:
        raise SystemExit(f"{done.stdout}{done.stderr}\nh2spec: {engine}, {transport}: failed {sorted(failed)}")
    return f"h2spec: {engine}, {transport}: {summary[0]}"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("h2spec", help="the program")
    h2spec = str(Path(arguments.parse_args().h2spec).resolve())
    for engine in ("uring", "epoll"):
        for transport in ("tls", "clear"):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "web.py").write_text(APP)
                print(judged(h2spec, engine, transport, Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
