"""The same bookshop on pelton, with the same answers: `pelton run after.py`. What changed is marked."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, Field

# One module for all names; Response has a factory for each kind of answer.
from pelton import App, BackgroundTasks, Cookie, Depends, Header, HTTPException, Query, Request, Response

app = App()  # was: FastAPI()
log: list[str] = []


class Book(BaseModel):
    title: str = Field(min_length=1)
    pages: int = Field(gt=0)
    tags: list[str] = []


class StoredBook(Book):
    id: int


class OutOfPrint(Exception):
    pass


def shelf() -> Iterator[dict[int, StoredBook]]:
    log.append("open")
    yield books
    log.append("close")


books: dict[int, StoredBook] = {1: StoredBook(id=1, title="Dune", pages=612)}
Shelf = Annotated[dict[int, StoredBook], Depends(shelf)]


def reader(x_reader: Annotated[str | None, Header()] = None) -> str:
    if x_reader is None:
        raise HTTPException(status_code=401, detail="who are you?")
    return x_reader


@app.exception_handler(OutOfPrint)
async def out_of_print(request: Request, error: OutOfPrint) -> Response:
    return Response.json({"gone": request.path}, status=410)  # was: JSONResponse


@app.get("/books")
async def found(shelf: Shelf, q: str = "", limit: Annotated[int, Query(ge=1, le=50)] = 10) -> list[StoredBook]:
    return [book for book in shelf.values() if q.lower() in book.title.lower()][:limit]


@app.get("/books/{id}")
async def read(id: int, shelf: Shelf) -> StoredBook:
    if id == 13:
        raise OutOfPrint
    if id not in shelf:
        raise HTTPException(status_code=404, detail="no such book")
    return shelf[id]


@app.post("/books", status_code=201)
async def add(book: Book, shelf: Shelf, tasks: BackgroundTasks, by: Annotated[str, Depends(reader)]) -> StoredBook:
    id = max(shelf) + 1
    shelf[id] = StoredBook(id=id, **book.model_dump())
    tasks.add_task(log.append, f"{by} added {id}")
    return shelf[id]


@app.get("/greeting", media_type="text/plain")  # was: response_class=PlainTextResponse
def greeting(visits: Annotated[int, Cookie()] = 0) -> str:
    return f"visit {visits + 1}"


@app.get("/old-books")
def old() -> Response:
    return Response.redirect("/books", status=308)  # was: RedirectResponse


@app.get("/titles")
def titles(shelf: Shelf) -> Response:  # was: StreamingResponse
    return Response.stream((f"{book.title}\n".encode() for book in list(shelf.values())), "text/plain; charset=utf-8")
