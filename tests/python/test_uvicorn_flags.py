"""Each flag that uvicorn has, as the installed uvicorn lists them: it means the same here, or is refused with what does the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click import Option
from uvicorn.main import main as uvicorn_command

from pelton.cli.commands import COMMANDS
from pelton.cli.program import Program
from pelton.cli.run import parsed_run
from pelton.cli.script import _ours
from pelton.cli.usage import UsageError
from pelton.config.command_keys import COMMAND_KEYS
from pelton.config.settings import SETTINGS
from pelton.errors import ConfigError

FLAGS = {one.name: one for one in uvicorn_command.params if isinstance(one, Option) and one.name is not None}

# By uvicorn's keyword: values of the flag, the setting or option here, and its values. A value of None stands for the flag alone.
SAME: dict[str, tuple[list[str | None], str, list[Any]]] = {
    "host": (["0.0.0.0"], "host", ["0.0.0.0"]),
    "port": (["0", "9000"], "port", [0, 9000]),
    "uds": (["/run/a.sock"], "uds", ["/run/a.sock"]),
    "fd": (["3"], "fd", [3]),
    "reload": ([None], "reload", ["on"]),
    "reload_dirs": (["src"], "reload_dir", ["src"]),
    "reload_includes": (["*.html"], "reload_include", ["*.html"]),
    "reload_excludes": (["*.tmp"], "reload_exclude", ["*.tmp"]),
    "reload_delay": (["0.5"], "reload_delay", ["0.5"]),
    "workers": (["3"], "workers", ["3"]),
    "loop": (["auto"], "engine", ["auto"]),
    "ws_max_size": (["1000"], "ws_max_size", [1000]),
    "ws_max_queue": (["7"], "ws_max_queue", [7]),
    "ws_ping_interval": (["3.5"], "ws_ping_interval", [3.5]),
    "ws_ping_timeout": (["4.5"], "ws_ping_timeout", [4.5]),
    "ws_per_message_deflate": (["false", "true"], "ws_per_message_deflate", [False, True]),
    "lifespan": (["auto", "on", "off"], "lifespan", ["auto", "on", "off"]),
    "interface": (["auto", "asgi3", "wsgi"], "interface", ["auto", "asgi3", "wsgi"]),
    "env_file": (["v.env"], "env_file", ["v.env"]),
    "log_config": (["log.json"], "log_config", ["log.json"]),
    "log_level": (["critical", "warning", "trace"], "log_level", ["critical", "warning", "trace"]),
    "access_log": ([None], "access_log", [True]),
    "use_colors": ([None], "use_colors", [True]),
    "proxy_headers": ([None], "proxy_headers", [True]),
    "server_header": ([None], "server_header", [True]),
    "date_header": ([None], "date_header", [True]),
    "forwarded_allow_ips": (["10.0.0.0/8,::1", "*"], "forwarded_allow_ips", [("10.0.0.0/8", "::1"), ("*",)]),
    "limit_concurrency": (["100"], "limit_concurrency", [100]),
    "backlog": (["64"], "backlog", [64]),
    "limit_max_requests": (["1000"], "limit_max_requests", [1000]),
    "limit_max_requests_jitter": (["50"], "limit_max_requests_jitter", [50]),
    "timeout_keep_alive": (["9"], "timeout_idle", [9]),
    "timeout_graceful_shutdown": (["20"], "timeout_graceful", [20]),
    "timeout_worker_healthcheck": (["8"], "timeout_stuck_kill", [8]),
    "headers": (["X-A:b"], "headers", [(("X-A", "b"),)]),
    "app_dir": (["src"], "app_dir", ["src"]),
    "factory": ([None], "factory", ["on"]),
    "http": (["auto"], "http", ["1,2"]),
    "ssl_certfile": (["c.pem"], "ssl_certfile", [("c.pem",)]),
    "ssl_keyfile": (["k.pem"], "ssl_keyfile", [("k.pem",)]),
    "ssl_keyfile_password": (["sesame"], "ssl_keyfile_password", ["sesame"]),
    "ssl_ca_certs": (["a.pem"], "ssl_ca_certs", ["a.pem"]),
    "ssl_cert_reqs": (["0", "1", "2"], "ssl_cert_reqs", ["off", "optional", "required"]),
    "ssl_ciphers": (["ECDHE+AESGCM"], "ssl_ciphers", ["ECDHE+AESGCM"]),
}
# By uvicorn's keyword, what the refusal says.
REFUSED = {
    "http2": "it is on with TLS; write h2c to have it without",
    "ws": "there is one implementation; leave it out",
    "root_path": "mount the App below the path, with app.mount() of another",
    "ssl_version": "write ssl_protocol_min, and ssl_protocol_max: 1.2 or 1.3",
    "version": "pelton --version says it",
    "h11_max_incomplete_event_size": "write limit_header_size, of all fields, and limit_header_line, of one",
    "reset_contextvars": "each request has a context of its own; leave it out",
}
# Values of flags that are accepted which name a foreign implementation, or what nobody writes any more.
REFUSED_VALUES = {("loop", "uvloop"): "write --engine auto, uring or epoll", ("http", "h11"): "http is 1 or 1,2, not 'h11'", ("interface", "asgi2"): "is auto, native, asgi, asgi3 or wsgi"}


def test_no_flag_of_uvicorn_is_forgotten() -> None:
    assert {*SAME, *REFUSED} == FLAGS.keys() and SAME.keys().isdisjoint(REFUSED)


def value_of(arguments: list[str], keywords: dict[str, Any], name: str) -> Any:
    """What a setting, or an option of the command, is with this command line."""
    _, flags = parsed_run(arguments)
    more = ["--reload"] if name.startswith("reload_") and not keywords else []
    if name.startswith("ssl_"):  # with what these go together
        needed = {"ssl_certfile": "c.pem", "ssl_ca_certs": "a.pem"}
        needed.pop(name, None)
        if keywords:
            keywords = needed | keywords
        else:
            arguments = [*arguments, *(f"--{one.replace('_', '-')}={text}" for one, text in needed.items())]
            _, flags = parsed_run(arguments)
            return Program("a:b", flags, keywords, {}).settings(None, flags)[name]
    if name in COMMAND_KEYS:
        program = Program("a:b", parsed_run([*arguments, *more])[1], keywords, {})
        return program.options.text(name)
    return Program("a:b", flags, keywords, {}).settings(None, flags)[name]


@pytest.mark.parametrize("keyword", SAME)
def test_a_flag_that_means_the_same(keyword: str) -> None:
    texts, name, values = SAME[keyword]
    assert name in SETTINGS or name in COMMAND_KEYS
    for flag in FLAGS[keyword].opts:
        for text, value in zip(texts, values, strict=True):
            assert value_of([flag] if text is None else [f"{flag}={text}"], {}, name) == value
            if text is not None:
                assert value_of([flag, text], {}, name) == value
    for flag in FLAGS[keyword].secondary_opts:
        assert value_of([flag], {}, name) is False


@pytest.mark.parametrize("keyword", SAME)
def test_a_keyword_that_means_the_same(keyword: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As uvicorn.run() takes it, of the type that uvicorn's own command line makes of the flag."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    for name in ("v.env", "log.json", "c.pem", "k.pem", "a.pem"):  # uvicorn wants them to be there
        (tmp_path / name).touch()
    texts, name, values = SAME[keyword]
    for text, value in zip(texts, values, strict=True):
        flag = FLAGS[keyword].opts[0]
        made = uvicorn_command.make_context("uvicorn", ["a:b", flag, *([] if text is None else [text])]).params[keyword]
        made = [tuple(one.split(":")) for one in made] if keyword == "headers" else list(made) if isinstance(made, tuple) else made
        assert value_of([], _ours({keyword: made}), name) == value


def test_keywords_of_none_are_the_defaults_as_with_uvicorn() -> None:
    names = [one.name for one in FLAGS.values() if one.default is None and one.name in SAME]
    assert len(names) > 8 and Program("a:b", {}, _ours(dict.fromkeys(names)), {}).settings(None, {}) == Program("a:b", {}, {}, {}).settings(None, {})


@pytest.mark.parametrize("keyword", REFUSED)
def test_a_flag_that_is_refused_says_what_does_the_same(keyword: str) -> None:
    for flag in FLAGS[keyword].opts:
        with pytest.raises(UsageError) as refused:
            parsed_run(["a:b", flag, "x"])
        assert str(refused.value) == f"no flag {flag!r}; {hint}" if (hint := REFUSED[keyword])[:3] != "put" else str(refused.value).endswith(hint)
    if keyword != "version":
        with pytest.raises(TypeError) as wrong:
            _ours({keyword: "x"})
        assert str(wrong.value).startswith(f"run() has no setting {keyword!r}; ") and str(wrong.value).endswith(REFUSED[keyword])


@pytest.mark.parametrize(("keyword", "value"), REFUSED_VALUES)
def test_a_value_that_is_refused(keyword: str, value: str) -> None:
    with pytest.raises((UsageError, ConfigError)) as refused:
        _, flags = parsed_run(["a:b", FLAGS[keyword].opts[0], value])
        Program("a:b", flags, {}, {}).settings(None, flags)
    assert REFUSED_VALUES[keyword, value] in str(refused.value)


def test_every_name_that_is_uvicorns_is_shown_in_help() -> None:
    shown = {flag.spelled for flag in COMMANDS["run"].flags}
    assert {opt for keyword in SAME for opt in FLAGS[keyword].opts} <= shown
