"""VER-011: JSONTestSuite. Every y_ is read, every n_ refused, every i_ as protocol section 6.3 has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from suites import SUITES

from pelton import App, Body, Request, json
from pelton.testing import TestClient

SUITE = SUITES / "json-test-suite"
FILES = sorted((SUITE / "test_parsing").glob("*.json")) if SUITE.is_dir() else []

if not FILES:
    pytest.skip(f"JSONTestSuite is not at {SUITE}", allow_module_level=True)

# Underflow, big integers and 500 levels are read; all other open questions are answered no.
READ = {
    "i_number_double_huge_neg_exp.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
    "i_structure_500_nested_arrays.json",
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_parsing(file: Path) -> None:
    text = file.read_bytes()
    if file.name.startswith("y_") or file.name in READ:
        json.loads(text)
        return
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = App()

    @app.post("/declared")
    def declared(value: Annotated[Any, Body()]) -> dict[str, Any]:
        return {"read": value}

    @app.post("/asked")
    def asked(request: Request) -> dict[str, Any]:
        return {"read": request.json()}

    return TestClient(app)


@pytest.mark.parametrize("path", ["/declared", "/asked"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_parsing_of_a_body(file: Path, path: str, client: TestClient) -> None:
    """JSN-001: a body that is no JSON gets 400, and the connection goes on."""
    text = file.read_bytes()
    response = client.post(path, content=text, headers={"Content-Type": "application/json"})
    if file.name.startswith("y_") or file.name in READ:
        assert response.status_code == 200, response.text
        assert response.json() == {"read": json.loads(text)}
    elif not text and path == "/declared":
        assert response.status_code == 422, "no body at all is a missing one"
    else:
        assert response.status_code == 400, response.text
        assert response.headers.get("connection") is None
