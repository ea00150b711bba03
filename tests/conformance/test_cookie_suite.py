"""VER-013: the http-state pairs, through the test client's jar."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from suites import SUITES

from pelton import App
from pelton.testing import TestClient

RESULT = "http://home.example.org:8888/cookie-parser-result"
SUITE = SUITES / "http-state" / "parser"
# What is not held against the jar, and why.
SET_ASIDE = {
    "0002": "its date is past by now",
    "comma0006": "its date is past by now",
    "comma0007": "its date is past by now",
    "0028": "expects what no Cookie field can say",
    "domain0017": "needs a list of public suffixes",
}
CASES = [
    name
    for name in (sorted(path.name.removesuffix("-test") for path in SUITE.glob("*-test")) if SUITE.is_dir() else ())
    if not name.startswith("disabled-") and name not in SET_ASIDE
]

if not CASES:
    pytest.skip(f"the http-state suite is not at {SUITE}", allow_module_level=True)


@pytest.mark.parametrize("case", CASES)
def test_jar(case: str) -> None:
    lines = (SUITE / f"{case}-test").read_bytes().decode("latin-1").split("\n")
    given = [line.partition(":")[2].removeprefix(" ") for line in lines if line.startswith("Set-Cookie:")]
    located = [line.partition(":")[2].strip() for line in lines if line.startswith("Location:")]
    where = urlsplit(urljoin(RESULT, located[0] if located else ""))
    client = TestClient(App())
    for line in given:
        client.cookies.take(line, "home.example.org", "/cookie-parser")
    sent = client.cookies.header(where.scheme, where.hostname or "", where.path, {})
    expected = (SUITE / f"{case}-expected").read_bytes().decode("latin-1").strip("\n")
    assert (f"Cookie: {sent}" if sent else "") == expected
