"""pelton dev --tls: a certificate for the time of one run."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from authorities import ask, connect
from pelton.cli.own_certificate import with_own_certificate
from supervised import Supervised

HELLO = """
from pelton import App
app = App()

@app.get("/")
def home(request):
    return request.scheme
"""


def test_the_files_are_there_while_it_serves() -> None:
    seen = []

    def serve(flags: list[str]) -> int:
        assert flags[0] == "--ssl-certfile"
        path = Path(flags[1])
        assert "PRIVATE KEY" in path.read_text() and path.stat().st_mode & 0o777 == 0o600
        assert "PRIVATE KEY" not in (path.parent / "certificate.pem").read_text()
        seen.append(path)
        return 7

    assert with_own_certificate(serve) == 7
    assert not seen[0].parent.exists()


def test_pelton_dev_serves_by_https(tmp_path: Path, engine: str) -> None:
    (tmp_path / "app.py").write_text(HELLO)
    server = Supervised(tmp_path, "app.py", "--tls", command="dev", PELTON_ENGINE=engine)
    try:
        line = server.say_until("a certificate for localhost")[-1]
        found = re.search(r"--cacert (\S+),", line)
        assert found is not None, line
        server.ready()
        with connect(server.port, ssl.create_default_context(cafile=found[1])) as connection:
            assert ask(connection)[1] == b'"https"'
        server.stop()
        assert not Path(found[1]).exists()
    finally:
        server.end()
