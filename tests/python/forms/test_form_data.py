"""FormData by itself."""

from __future__ import annotations

import pytest

from pelton import FormData, UploadedFile


def test_fields_and_files_of_one_name_are_apart() -> None:
    first, second = UploadedFile("x", "x", []), UploadedFile("y", "y", [])
    form = FormData([("a", "1"), ("f", first), ("b", ""), ("a", "2"), ("f", second), ("a", first)])
    assert (form["a"], form.get("a"), form.getlist("a"), form.get("f"), form.getlist("f")) == ("2", "2", ["1", "2"], None, [])
    assert (form.get("x", 5), form.get_or("x", 6), form.get_or("b", 7)) == (5, 6, "")
    assert form.has_field("b") and not form.has_field("f") and "f" not in form and "b" in form
    assert (form.field_names(), form.field_count(), list(form), len(form)) == (["a", "b"], 3, ["a", "b"], 2)
    assert form.get_file("f") is second and form.get_files("f") == [first, second] and form.get_file("b") is None
    assert form.has_file("a") and not form.has_file("b") and form.file_names() == ["f", "a"] and form.file_count() == 3
    assert form.multi_items()[2] == ("b", "") and repr(FormData([("a", "1")])) == "FormData([('a', '1')])"
    with pytest.raises(KeyError):
        form["f"]
    form.getlist("a").clear()
    assert form.getlist("a") == ["1", "2"]
