"""Path values by converter, cookies by count."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from native_wire import Wire


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


def test_cookies_of_all_lines_count_together() -> None:
    """LIM-042 at n - 1, n and n + 1."""
    n = 6
    for count, status in ((n - 1, 200), (n, 200), (n + 1, 431)):
        wire = Wire(config={"cookies_max": n}).add(lambda request: request.cookies)
        lines = [("Cookie", "; ".join(f"{line}{at}=1" for at in range(count // 2))) for line in "ab"]
        lines += [("Cookie", "z=1")] * (count % 2)
        assert wire.ask(fields=lines).status == status
