"""Section 18: one table of settings, how their values are read, and what overrides what."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from pelton import ConfigError, ServerConfig
from pelton.config.settings import (
    SETTINGS,
    defaults,
    effective_settings,
    forwarding,
    judge,
    native_values,
    size,
    with_changes,
    with_environment,
)


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("10", 10), ("1KiB", 1024), ("2 MiB", 2**21), ("1GiB", 2**30), ("3KB", 3000), (7, 7)]
)
def test_sizes(text: Any, count: int) -> None:
    assert size(text) == count


def test_changes_by_keyword() -> None:
    values = with_changes(defaults(), {"port": 1, "limit_body_size": 5, "timeout_idle": 2}, "run()")
    assert (values["port"], values["limit_body_size"], values["timeout_idle"]) == (1, 5, 2)
    with pytest.raises(ConfigError, match=r"run\(\): port"):
        with_changes(defaults(), {"port": "x"}, "run()")
    with pytest.raises(ConfigError, match=r"command line: .*limits.max_header_line"):
        with_changes(defaults(), {"limit_header_line": "1GiB"}, "command line")


@pytest.mark.parametrize(("name", "most"), [("backlog", 2**31 - 1), ("port", 65535)])
def test_the_most_of_each(name: str, most: int) -> None:
    for text, value in ((str(most), most), ("0", 0)):
        assert with_environment(defaults(), "PELTON_", {f"PELTON_{name.upper()}": text})[name] == value
    for text in (str(most + 1), "99999999999", "-1", "x"):
        with pytest.raises(ConfigError, match=rf"{name} is a \D+ from 0 to {most}, not '{text}'$"):
            with_environment(defaults(), "PELTON_", {f"PELTON_{name.upper()}": text})


def test_values_of_the_native_half() -> None:
    values = native_values(defaults() | {"timeout_idle": 1.5, "limit_body_size": None})
    assert values["keep_alive_timeout_ms"] == 1500 and values["body_bytes_max"] == 2**64 - 1
    assert len(values) == sum(one.key is not None for one in SETTINGS.values())


def test_what_governs_concurrency() -> None:
    values = defaults()
    assert (values["blocking_threads"], values["limit_concurrency"], values["timeout_handler"]) == (32, None, None)
    assert values["timeout_sse_keep_alive"] == 15
    native = native_values(values)
    assert native["handlers_running_max"] == native["request_timeout_ms"] == 2**64 - 1
    given = {"blocking_threads": "2", "limit_concurrency": "9", "timeout_handler": "1.5"}
    changed = with_changes(values, given, "run()")
    native = native_values(changed)
    assert (changed["blocking_threads"], native["handlers_running_max"], native["request_timeout_ms"]) == (2, 9, 1500)
    assert with_changes(changed, {"timeout_handler": "none"}, "run()")["timeout_handler"] is None


@pytest.mark.parametrize(
    ("name", "least"), [("blocking_threads", 1), ("limit_concurrency", 1), ("timeout_handler", 0.001)]
)
def test_the_least_of_each(name: str, least: float) -> None:
    for value in (least, least + 1):
        assert with_changes(defaults(), {name: value}, "run()")[name] == value
    with pytest.raises(ConfigError, match=SETTINGS[name].place):
        with_changes(defaults(), {name: 0}, "run()")


@pytest.mark.parametrize(
    ("given", "peers"),
    [
        ("none", ()),
        ("", ()),
        ((), ()),
        ("*", ("*",)),
        (" 10.0.0.0/8 , ::1,", ("10.0.0.0/8", "::1")),
        (["unix", "192.0.2.0/31"], ("unix", "192.0.2.0/31")),
    ],
)
def test_trusted_proxies(given: Any, peers: tuple[str, ...]) -> None:
    values = with_changes(defaults(), {"forwarded_allow_ips": given}, "run()")
    assert values["forwarded_allow_ips"] == peers
    assert forwarding(values) == (peers, "x-forwarded", False)
    assert forwarding(values | {"proxy_headers": False, "proxy_protocol": True}) == (peers, "", True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("localhost", "has 'localhost' that is no IP address and no network"),
        ("::1,none", "has 'none' that is no IP address"),
        ("10.0.0.0/33", "has '10.0.0.0/33' that has no prefix from 0 to 32"),
        ("10.0.0.1/31", "has '10.0.0.1/31' that has bits behind its prefix; the network is 10.0.0.0/31"),
        (5, "is a list of addresses and networks"),
        ([5], "is a list of addresses and networks"),
    ],
)
def test_what_no_proxy_can_be(given: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"run(): forwarded_allow_ips {says}")):
        with_changes(defaults(), {"forwarded_allow_ips": given}, "run()")


def test_the_family_of_a_proxys_fields() -> None:
    values = with_changes(defaults(), {"forwarded_header": "forwarded"}, "run()")
    assert forwarding(values) == (("127.0.0.0/8", "::1", "unix"), "forwarded", False)
    with pytest.raises(ConfigError, match="forwarded_header is x-forwarded or forwarded, not 'both'"):
        with_changes(values, {"forwarded_header": "both"}, "run()")


def test_what_the_environment_sets_is_judged_together() -> None:
    # Each alone would break LIM-200, whichever comes first.
    env = {"PELTON_LIMIT_HEADER_LINE": "40KiB", "PELTON_LIMIT_HEADER_SIZE": "50KiB"}
    assert with_environment(defaults(), "PELTON_", env)["limit_header_line"] == 40 * 1024
    env = {"PELTON_LIMIT_HEADER_LINE": "40KiB", "PELTON_TIMEOUT_IDLE": "9"}
    with pytest.raises(ConfigError, match="environment: PELTON_LIMIT_HEADER_LINE: limits.max_header_"):
        with_environment(defaults(), "PELTON_", env)


def test_judge_speaks_of_fields() -> None:
    judge(defaults())
    with pytest.raises(ConfigError, match="timeouts.idle"):
        judge(defaults() | {"timeout_idle": 0})
    with pytest.raises(ConfigError, match=r"^limits\.max_drain_size"):
        judge(defaults() | {"limit_drain_size": 2**63})


def test_a_start_does_not_pay_for_dataclasses() -> None:
    """Serving needs settings, not the classes that hold them in code."""
    program = (
        "import sys; bare = set(sys.modules); import pelton.cli.command, pelton.serving.server, pelton.app;"
        "pelton.config.settings.effective_settings(None, {}); pelton.App().add_route('/', lambda request: 1);"
        "print(sorted({'dataclasses', 'inspect', 'typing', 're', 'socket', 'threading'} & (set(sys.modules) - bare)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_sources_from_strong_to_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    base = ServerConfig(port=1, backlog=2, host="::1")
    monkeypatch.setenv("PELTON_PORT", "3")
    settings = effective_settings(base, {"port": 4, "backlog": 5})
    assert (settings["port"], settings["backlog"], settings["host"]) == (3, 5, "::1")
    monkeypatch.setenv("PELTON_PORTT", "3")
    with pytest.raises(ConfigError, match="PELTON_PORT"):
        effective_settings(None, {})
    with pytest.raises(TypeError, match="did you mean"):
        effective_settings(None, {"prot": 1})


def test_the_number_of_workers_is_no_setting_of_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELTON_WORKERS", "2")
    assert effective_settings(None, {}) == defaults() | {"engine": os.environ.get("PELTON_ENGINE", "auto")}
