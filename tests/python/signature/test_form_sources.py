"""Form() and File() in signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Annotated, Any, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from pelton import App, Body, File, Form, HandlerSignatureError, Path, Query, UploadedFile
from pelton.testing import TestClient, live_server
from pelton.testing.client_requests import encoded_form


def client_of(handler: Callable[..., Any], path: str = "/", **options: Any) -> TestClient:
    app = App()
    app.add_route(path, handler, ["POST"], **options)
    return TestClient(app)


def errors(client: TestClient, **options: Any) -> list[tuple[str, list[Any], Any]]:
    sent = client.post("/", **options)
    assert sent.status_code == 422, sent.text
    return [(one["type"], one["loc"], one["input"]) for one in sent.json()["detail"]]


def photo(id: int, title: Annotated[str, Form(min_length=2)], image: Annotated[UploadedFile, File()]) -> list[Any]:
    return [title, image.filename, image.size()]


def test_the_form_of_the_document(serve: Callable[..., live_server]) -> None:
    app = App()
    app.post("/photos/{id:int}")(photo)
    client = TestClient(app)
    files = {"image": ("../../sky.png", b"x" * 2_000_000, "image/png")}
    sent = client.post("/photos/1", data={"title": "sky"}, files=files)
    assert sent.json() == ["sky", "sky.png", 2_000_000]
    assert client.post("/photos/1", data={"title": "s"}).status_code == 422
    body, kind = encoded_form({"title": "sky"}, files)
    connection = HTTPConnection("127.0.0.1", serve(app).port)
    for _ in range(2):
        connection.request("POST", "/photos/1", body, {"Content-Type": kind})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'["sky","sky.png",2000000]')
    connection.close()


def test_scalars_lists_defaults_and_aliases() -> None:
    def plain(
        n: Annotated[int, Form(ge=1)],
        tags: Annotated[list[str], Form()],
        other: Annotated[str, Form(alias="o-t")] = "none",
        flag: bool = Form(False),
        more: Annotated[list[int], Form()] = [],  # noqa: B006
    ) -> list[Any]:
        return [n, tags, other, flag, more]

    client = client_of(plain)
    data = [("n", "0"), ("n", "7"), ("tags", "x"), ("tags", "y"), ("o-t", "z"), ("flag", "on"), ("more", "1"), ("more", "2")]
    for files in (None, {}):
        assert client.post("/", data=data, files=files).json() == [7, ["x", "y"], "z", True, [1, 2]]
        assert client.post("/", data={"n": "1", "tags": "t"}, files=files).json() == [1, ["t"], "none", False, []]
    assert errors(client, data={"n": "0", "more": ["1", "x"]}) == [
        ("greater_than_equal", ["body", "n"], "0"),
        ("missing", ["body", "tags"], None),
        ("int_parsing", ["body", "more", 1], "x"),
    ]


def test_an_empty_field_counts_as_not_sent() -> None:
    def handler(a: Annotated[str, Form()], b: Annotated[str | None, Form()] = None) -> list[Any]:
        return [a, b]

    client = client_of(handler)
    assert client.post("/", data={"a": "x", "b": ""}).json() == ["x", None]
    assert errors(client, data={"a": ""}) == [("missing", ["body", "a"], None)]


def test_without_a_body_everything_is_missing_and_another_type_is_415() -> None:
    def handler(a: Annotated[str, Form()] = "d") -> str:
        return a

    client = client_of(handler)
    assert client.post("/").json() == "d"
    assert client.post("/", json={"a": "x"}).status_code == 415
    assert client.post("/", content=b"a=1").status_code == 415
    assert client.post("/", data={"a": "x"}, headers={"Content-Encoding": "br"}).status_code == 415
    wrong = client.post("/", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert (wrong.status_code, wrong.json()) == (400, {"detail": "Bad Request"})
    broken = client.post("/", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert (broken.status_code, broken.json()) == (400, {"detail": "form refused: multipart_syntax"})

    def needs(a: Annotated[str, Form()]) -> str:
        return a

    assert errors(client_of(needs)) == [("missing", ["body", "a"], None)]


def test_files() -> None:
    def handler(
        one: Annotated[UploadedFile, File()],
        many: Annotated[list[UploadedFile], File(max_length=2)],
        maybe: Annotated[UploadedFile | None, File()] = None,
    ) -> list[Any]:
        return [one.read().decode(), [file.size() for file in many], maybe and maybe.filename]

    client = client_of(handler)
    files: dict[str, Any] = {"one": [b"0", b"1"], "many": [b"", b"22"]}
    assert client.post("/", files=files).json() == ["1", [0, 2], None]
    assert client.post("/", files={**files, "maybe": ("a/b", b"")}).json() == ["1", [0, 2], "b"]
    assert errors(client, data={"one": "text"}, files={"many": [b"", b"", b""]})[0] == ("value_error", ["body", "one"], "text")
    found = errors(client, data={"one": ""}, files={"many": [b"", b"", b""]})
    assert [one[:2] for one in found] == [("missing", ["body", "one"]), ("too_long", ["body", "many"])]


def test_errors_keep_their_order() -> None:
    def handler(
        f: Annotated[UploadedFile, File()],
        q: Annotated[int, Query()],
        a: Annotated[int, Form()],
        p: Annotated[int, Path()],
    ) -> None: ...

    app = App()
    app.add_route("/{p}", handler, ["POST"])
    found = TestClient(app).post("/x?q=y", data={"a": "z"}).json()["detail"]
    assert [one["loc"] for one in found] == [["path", "p"], ["query", "q"], ["body", "f"], ["body", "a"]]


class Pydantic(pydantic.BaseModel):
    name: str
    age: int = pydantic.Field(ge=18)
    tags: list[str] = []


class Msgspec(msgspec.Struct):
    name: str
    age: Annotated[int, msgspec.Meta(ge=18)]
    tags: list[str] = []


@dataclass
class Neutral:
    name: str
    age: int
    tags: list[str] = field(default_factory=list)


@attrs.define
class Attrs:
    name: str
    age: int
    tags: list[str] = attrs.field(factory=list)


class Typed(TypedDict):
    name: str
    age: int
    tags: list[str]


@pytest.mark.parametrize("model", [Pydantic, Msgspec, Neutral, Attrs, Typed])
def test_models(model: Any) -> None:
    def handler(form: Any) -> Any:
        assert isinstance(form, dict if model is Typed else model)
        return [form[name] if model is Typed else getattr(form, name) for name in ("name", "age", "tags")]

    handler.__annotations__ = {"form": Annotated[model, Form()], "return": Any}
    client = client_of(handler)
    for files in (None, {}):
        sent = client.post("/", data={"name": "Al", "age": "30", "tags": ["a", "b"]}, files=files)
        assert sent.json() == ["Al", 30, ["a", "b"]], sent.text
    if model is not Typed:
        assert client.post("/", data={"name": "Al", "age": "30"}).json() == ["Al", 30, []]
    found = errors(client, data={"name": "Al", "age": "x", "tags": "a"})
    assert [one[1] for one in found] == [["body", "age"]]
    kinds = errors(client, data={"age": "20", "tags": "a", "name": ""})
    assert [one[:2] for one in kinds] == [("missing", ["body", "name"])]
    if model in (Pydantic, Msgspec):
        assert errors(client, data={"name": "Al", "age": "17"})[0][1] == ["body", "age"]


def test_what_is_refused_at_registration() -> None:
    def beside(a: Annotated[str, Form()], b: Annotated[dict[str, Any], Body()]) -> None: ...
    def no_file(a: Annotated[str, File()]) -> None: ...
    def no_form(a: Annotated[UploadedFile, Form()]) -> None: ...
    def odd(a: Annotated[list[Neutral], Form()]) -> None: ...
    def unmarked(a: UploadedFile) -> None: ...
    async def early(a: Annotated[str, Form()]) -> None: ...

    @dataclass
    class Deep:
        inner: Neutral

    def deep(a: Annotated[Any, Form()]) -> None: ...

    deep.__annotations__["a"] = Annotated[Deep, Form()]
    for handler, says in (
        (beside, "one body"),
        (no_file, "UploadedFile"),
        (no_form, r"File\(\)"),
        (odd, "one model class"),
        (unmarked, r"Annotated\[UploadedFile, File\(\)\]"),
        (deep, "'inner'"),
    ):
        with pytest.raises(HandlerSignatureError, match=says):
            client_of(handler).post("/")
    with pytest.raises(HandlerSignatureError, match="parts"):
        client_of(early, stream_body=True).post("/")


class Avatar(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    title: str
    image: list[UploadedFile]


class Sketch(msgspec.Struct):
    image: UploadedFile | None


@dataclass
class Scan:
    image: UploadedFile


@pytest.mark.parametrize("model", [Avatar, Sketch, Scan])
def test_a_file_in_a_model_is_refused_with_the_way_out(model: Any) -> None:
    def handler(form: Any) -> None: ...

    handler.__annotations__["form"] = Annotated[model, Form()]
    with pytest.raises(HandlerSignatureError, match=r"'image' of it is a file\n(.*\n)? +fix: +.*image: Annotated\[.*, File\(\)\]"):
        client_of(handler)


def test_a_file_beside_a_model() -> None:
    def handler(form: Annotated[Neutral, Form()], image: Annotated[UploadedFile, File()]) -> str:
        return form.name + image.read_text()

    assert client_of(handler).post("/", data={"name": "n", "age": "1"}, files={"image": ("i", b"x")}).json() == "nx"


@pytest.mark.parametrize("tp", [UploadedFile | None, list[UploadedFile], Annotated[list[UploadedFile], Form()]])
def test_a_file_that_is_not_marked_so_is_told_to_be(tp: Any) -> None:
    def handler(file: Any) -> None: ...

    handler.__annotations__["file"] = tp
    with pytest.raises(HandlerSignatureError, match=r"fix: +mark it .*File\(\)"):
        client_of(handler)


def test_one_file_has_no_number() -> None:
    def handler(file: Annotated[UploadedFile, File(max_length=3)]) -> None: ...

    with pytest.raises(HandlerSignatureError, match=r"(?s)one file, but max_length.*list\[UploadedFile\]"):
        client_of(handler)


def test_of_equal_names_the_last_counts_be_it_text_or_file() -> None:
    def handler(one: Annotated[UploadedFile | None, File()] = None, many: Annotated[list[UploadedFile], File()] = []) -> Any:  # noqa: B006
        return [one and one.filename, [file.filename for file in many]]

    def parts(*sent: tuple[str, str | None, str]) -> dict[str, Any]:
        made = ""
        for name, filename, text in sent:
            of_file = "" if filename is None else f'; filename="{filename}"'
            made += f'--b\r\nContent-Disposition: form-data; name="{name}"{of_file}\r\n\r\n{text}\r\n'
        return {"content": f"{made}--b--\r\n".encode(), "headers": {"content-type": "multipart/form-data; boundary=b"}}

    client = client_of(handler)
    assert client.post("/", **parts(("one", "", ""), ("many", "", ""), ("many", "a", ""))).json() == [None, ["a"]]
    assert client.post("/", **parts(("one", None, "text"), ("one", "b", "x"))).json() == ["b", []]
    assert errors(client, **parts(("one", "b", "x"), ("one", None, "text"))) == [("value_error", ["body", "one"], "text")]
    told = errors(client, **parts(("many", "a", "x"), ("many", None, "t"), ("many", None, "u")))
    assert told == [("value_error", ["body", "many", 1], "t"), ("value_error", ["body", "many", 2], "u")]
