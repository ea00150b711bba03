"""Hints name what is really near, or what does the same here; else nothing."""

from __future__ import annotations

import pytest

from pelton.config.hints import flag_hint, setting_hint
from pelton.config.settings import SETTINGS
from pelton.errors import nearest


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("prot", "port"),
        ("wsmaxsize", "ws_max_size"),
        ("WS-MAX-SIZE", "ws_max_size"),
        ("limt_body_size", "limit_body_size"),
        ("timeout_handel", "timeout_handler"),
        ("limit_body", "limit_body_size"),
        ("blocking_thread", "blocking_threads"),
        # These share letters with a setting, and no meaning.
        ("log_tasks", None),
        ("workers", None),
        ("limit", None),
        ("hots_reload", None),
        ("x", None),
        ("", None),
    ],
)
def test_only_what_is_really_near_is_named(name: str, near: str | None) -> None:
    assert nearest(name, list(SETTINGS)) == near


@pytest.mark.parametrize(("swapped", "near"), [("rnu", "run"), ("ab", None), ("run", "run"), ("runn", "run")])
def test_slips_are_counted(swapped: str, near: str | None) -> None:
    assert nearest(swapped, ["run", "openapi"]) == near and nearest(swapped, []) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("workers", "it is an option of pelton run, app.run() and pelton.run(), and no setting of an application"),
        ("certfile", "write ssl_certfile"),
        ("timeout_keep_alive", "write timeout_idle"),
        ("prot", "did you mean port?"),
        ("colour", ""),
    ],
)
def test_hints_for_settings(name: str, says: str) -> None:
    assert says in setting_hint(name, SETTINGS) and bool(says) == bool(setting_hint(name, SETTINGS))
    assert setting_hint(f"P_{name.upper()}", [f"P_{one.upper()}" for one in SETTINGS], "P_").startswith("; ") == bool(says)


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("callback-notify", "app.on_startup"),
        ("no-http2", "it is on with TLS"),
        ("worker", "did you mean --workers?"),
        ("limit-body-sise", "did you mean --limit-body-size?"),
        ("colour", ""),
    ],
)
def test_hints_for_flags(flag: str, says: str) -> None:
    hint = flag_hint(f"--{flag}", ["workers", "limit-body-size"])
    assert says in hint and bool(says) == bool(hint)
