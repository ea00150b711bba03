"""pydantic's errors in the words FastAPI has for them; test_samples.py compares with FastAPI itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictInt, TypeAdapter, ValidationError

from pelton import App
from pelton.testing import TestClient
from pelton.validation.models import entries_of, python_entries, sendable


def error_of(adapter: TypeAdapter[Any], text: str) -> ValidationError:
    try:
        adapter.validate_json(text)
    except ValidationError as error:
        return error
    raise AssertionError(f"{text} is valid")


def test_an_entry_has_no_url_and_nothing_that_json_lacks() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[Decimal, Field(gt=Decimal("1.5"), lt=Decimal(9))])
    assert entries_of(error_of(adapter, "1")) == [
        {"type": "greater_than", "loc": [], "msg": "Input should be greater than 1.5", "input": 1, "ctx": {"gt": 1.5}}
    ]
    assert sendable({"error": ValueError("x"), "lt": Decimal(9), "n": 1}) == {"error": {}, "lt": 9, "n": 1}
    assert sendable(None) is None


def test_words_are_those_for_python_values() -> None:
    adapter = TypeAdapter(dict[str, list[int]])
    error = error_of(adapter, '{"a": 1}')
    assert entries_of(error)[0]["msg"] == "Input should be a valid array"
    assert python_entries(error, adapter.validate_python, {"a": 1})[0]["msg"] == "Input should be a valid list"


def test_what_the_other_check_does_not_find_keeps_its_words() -> None:
    error = error_of(TypeAdapter(dict[str, StrictInt]), '{"n": "x"}')

    def refuses_more(value: Any) -> Any:
        return TypeAdapter(list[int]).validate_python(["x", "y"])

    assert python_entries(error, refuses_more, {}) == entries_of(error)
    assert python_entries(error, lambda value: value, {}) == entries_of(error)


def test_no_model_is_told_as_over_fastapi() -> None:
    class Item(BaseModel):
        name: str

    def add(item: Any) -> Any:
        return item

    add.__annotations__["item"] = Item
    app = App()
    app.add_route("/", add, ["POST"])
    assert TestClient(app).post("/", json=[]).json()["detail"] == [
        {
            "type": "model_attributes_type",
            "loc": ["body"],
            "msg": "Input should be a valid dictionary or object to extract fields from",
            "input": [],
        }
    ]
