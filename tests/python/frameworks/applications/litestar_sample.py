"""What the samples of all frameworks answer, in Litestar."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Litestar, Request, delete, get, post, put, websocket
from litestar.datastructures import Cookie, FormMultiDict, State, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body
from litestar.response import Redirect, Response, Stream

LARGE = [{"number": number, "name": f"item {number}"} for number in range(5000)]


@dataclass
class Item:
    name: str


@dataclass
class Upload:
    title: str
    file: list[UploadFile]


def begin(app: Litestar) -> None:
    app.state.begun = "yes"


@get("/", media_type="text/plain", sync_to_thread=False)
def home() -> str:
    return "hello"


@get("/items/{number:int}")
async def item(number: int, q: list[str] | None = None, empty: str | None = None) -> dict[str, Any]:
    return {"id": number, "q": q, "empty": empty}


@put("/items/{number:int}")
async def put_item(number: int, data: Item) -> dict[str, Any]:
    return {"id": number, "item": data}


@delete("/items/{number:int}")
async def delete_item(number: int) -> None:
    pass


@get("/path/{rest:path}", media_type="text/plain")
async def path(rest: str) -> str:
    return rest


@post("/form", status_code=200)
async def form(request: Request) -> list[list[str]]:
    fields: FormMultiDict = await request.form()
    return [[name, value] for name, value in fields.multi_items()]


@post("/upload", status_code=200)
async def upload(data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, Any]:
    told: dict[str, Any] = {"title": data.title}
    for file in data.file:
        octets = await file.read()
        told[file.filename] = [file.content_type, len(octets), hashlib.sha256(octets).hexdigest()]
    return told


@post("/echo", status_code=200, media_type="application/octet-stream")
async def echo(request: Request) -> bytes:
    return await request.body()


@get("/large")
async def large() -> list[dict[str, Any]]:
    return LARGE


@get("/stream")
async def stream() -> Stream:
    async def pieces():
        for number in range(200):
            yield f"line {number} {'.' * 1000}\n"

    return Stream(pieces(), media_type="text/plain")


@get("/cut")
async def cut() -> Stream:
    async def failing():
        yield "first"
        raise RuntimeError("as it was asked to")

    return Stream(failing(), media_type="text/plain")


@get("/cookies")
async def cookies(request: Request) -> Response[dict[str, str]]:
    kept = [Cookie("seen", "yes", max_age=60, httponly=True), Cookie("second", "a b")]
    return Response(dict(request.cookies), cookies=kept)


@get("/redirect")
async def redirect() -> Redirect:
    return Redirect("/items/7", status_code=303)


@get("/empty", status_code=204)
async def empty() -> None:
    pass


@get("/teapot")
async def teapot() -> None:
    raise HTTPException("short and stout", status_code=418, headers={"X-Pot": "tea"})


@get("/failure", sync_to_thread=True)
def failure() -> None:
    raise RuntimeError("as it was asked to")


@get("/fields")
async def fields(request: Request) -> list[list[str]]:
    return [[name, value] for name, value in request.headers.multi_items() if name.startswith("x-")]


@get("/begun", media_type="text/plain")
async def begun(state: State) -> str:
    return state.begun


@get("/scope")
async def scope(request: Request) -> dict[str, Any]:
    return {"url": str(request.url), "method": request.method, "client": request.client.host}


@websocket("/ws")
async def talk(socket: Any) -> None:
    offered = socket.scope["subprotocols"]
    await socket.accept(subprotocols="sample" if "sample" in offered else None)
    while (event := await socket.receive())["type"] == "websocket.receive":
        text = event.get("text")
        if text is None:
            await socket.send_bytes(event["bytes"])
        elif text == "query":
            await socket.send_json({"query": socket.query_params["token"], "cookies": socket.cookies})
        elif text == "fail":
            raise RuntimeError("as it was asked to")
        elif text.startswith("close "):
            await socket.close(int(text[6:]), "as you like")
            return
        else:
            await socket.send_text(text)


@websocket("/ws/refused")
async def refused(socket: Any) -> None:
    await socket.close()


app = Litestar(
    [home, item, put_item, delete_item, path, form, upload, echo, large, stream, cut, cookies, redirect, empty, teapot]
    + [failure, fields, begun, scope, talk, refused],
    on_startup=[begin],
    openapi_config=None,
)
