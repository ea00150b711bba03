"""The pytest plugin in pytest itself: a run of its own, over real servers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pelton.pytest_plugin import LiveServer

pytest_plugins = ["pytester"]

SHOP = """
    from contextlib import asynccontextmanager
    from pelton import App

    steps = []

    @asynccontextmanager
    async def lifespan(app):
        steps.append("up")
        yield {"cups": 3}
        steps.append("down")

    app = App(lifespan=lifespan)
    app.add_route("/cups", lambda request: request.state.cups)
    app.add_route("/engine", lambda request: request.app.engine)
    app.add_route("/bad", lambda: 1 / 0)
"""

TESTS = """
    from urllib.request import urlopen
    import pytest
    import shop
    from pelton import App

    def test_client(client):
        assert shop.steps == ["up"]
        assert client.get("/cups").json() == 3
        with pytest.raises(ZeroDivisionError):
            client.get("/bad")
        assert client.get("/cups").json() == 3

    def test_the_lifespan_is_around_each_test(client):
        assert shop.steps == ["up", "down", "up"] and client.get("/cups").json() == 3

    def test_live_server(live_server, engine):
        assert urlopen(live_server.url + "/cups").read() == b"3"
        assert urlopen(live_server + "/engine").read() == b'"%s"' % engine.encode()
        assert str(live_server) == f"http://127.0.0.1:{live_server.port}"
        assert shop.steps[-1] == "up"

    def test_it_has_stopped():
        assert shop.steps[-1] == "down"

    def test_factory(live_server):
        other = App()
        other.add_route("/", lambda: "other", media_type="text/plain")
        servers = [live_server(other, limit_connections=9), live_server()]
        assert urlopen(servers[0].url).read() == b"other"
        assert urlopen(servers[1].url + "/cups").read() == b"3"
"""


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, engine: str, ini: str, conftest: str) -> pytest.RunResult:
    monkeypatch.setenv("PELTON_ENGINE", engine)
    pytester.makepyfile(shop=SHOP, test_shop=TESTS)
    pytester.makeini(f"[pytest]\npythonpath = .\naddopts = -p no:cacheprovider\n{ini}\n")
    pytester.makeconftest(f"import pytest\n{conftest}\n@pytest.fixture\ndef engine():\n    return {engine!r}\n")
    return pytester.runpytest_subprocess(timeout=120)


@pytest.mark.parametrize(
    ("ini", "conftest"),
    [("pelton_app = shop:app", ""), ("", "@pytest.fixture\ndef app():\n    import shop\n    return shop.app\n")],
    ids=["option", "fixture"],
)
def test_fixtures(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, engine: str, ini: str, conftest: str
) -> None:
    run(pytester, monkeypatch, engine, ini, conftest).assert_outcomes(passed=5)


def test_without_an_app_the_way_out_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(client): pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=120)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pelton does not know which app to test", "*where: *", "*fix: *pelton_app = module:app*"])


def test_the_option_is_described(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--help", "--fixtures", timeout=120)
    result.stdout.fnmatch_lines(["*pelton_app*"])


def test_a_run_without_the_fixtures_loads_no_server() -> None:
    program = (
        "import sys, pelton.pytest_plugin\n"
        "print(sorted(name for name in sys.modules if name in ('pelton.testing', 'pelton.testing.live', 'pelton.loop', 'pelton.cli.command')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_server_starts_with_its_first_use(request: pytest.FixtureRequest) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        assert LiveServer(request, stack)._server is None
