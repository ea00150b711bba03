"""Path values by converter, cookies by count."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from native_wire import Wire, value_of


@pytest.mark.parametrize(
    ("template", "text", "value"),
    [
        ("{a}", "x%2Fy", "x/y"),
        ("{a:int}", "-9223372036854775808", -(2**63)),
        ("{a:int}", "9223372036854775807", 2**63 - 1),
        ("{a:float}", "-0.0", -0.0),
        ("{a:float}", "3", 3.0),
        ("{a:path}", "x/y/", "x/y/"),
        ("{a:path}", "", ""),
        ("v{a:int}.json", "7", 7),
        ("{a:uuid}", "ABCDEF01-2345-6789-abcd-ef0123456789", uuid.UUID("abcdef01-2345-6789-abcd-ef0123456789")),
    ],
)
def test_path_values(template: str, text: str, value: Any) -> None:
    found: list[Any] = []
    target = "/" + template.split("{")[0] + text + template.split("}")[1]
    answer = Wire().add(lambda request: found.append(request.params), path="/" + template).ask(target)
    assert answer.status == 200 and found == [{"a": value}] and repr(found[0]["a"]) == repr(value)


@pytest.mark.parametrize(
    ("lines", "cookies"),
    [
        ([], {}),
        (["a=1; b=2"], {"a": "1", "b": "2"}),
        (["a=1;b=2 ;\tc=3"], {"a": "1", "b": "2", "c": "3"}),
        (['a="q"; b=x=y'], {"a": '"q"', "b": "x=y"}),
        (["a=1; a=2", "a=3; c=4"], {"a": "1", "c": "4"}),
        (["nothing; ; a=; =b"], {"a": "", "": "b"}),
        (["a=%20\xe9"], {"a": "%20\xe9"}),
    ],
)
def test_URL_006_cookies(lines: list[str], cookies: dict[str, str]) -> None:
    fields = [("Cookie", line) for line in lines]
    assert value_of(lambda request: request.cookies, fields=fields) == cookies


def test_cookies_of_all_lines_count_together() -> None:
    """LIM-042 at n - 1, n and n + 1."""
    n = 6
    for count, status in ((n - 1, 200), (n, 200), (n + 1, 431)):
        wire = Wire(config={"cookies_max": n}).add(lambda request: request.cookies)
        lines = [("Cookie", "; ".join(f"{line}{at}=1" for at in range(count // 2))) for line in "ab"]
        lines += [("Cookie", "z=1")] * (count % 2)
        assert wire.ask(fields=lines).status == status
