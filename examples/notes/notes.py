"""Create, read, update and delete, over PostgreSQL with asyncpg: `DATABASE_URL=... pelton run notes.py`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import asyncpg  # type: ignore[import-untyped]

from pelton import App, Body, Depends, HTTPError, Query, Request, State

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL UNIQUE,
    text text NOT NULL,
    changed timestamptz NOT NULL DEFAULT now()
)
"""


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[dict[str, Any]]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=10) as pool:
        await pool.execute(SCHEMA)
        yield {"pool": pool}  # becomes app.state.pool


async def transaction(pool: Annotated[Any, State("pool")]) -> AsyncIterator[Any]:
    """A connection for one request: committed before the answer leaves, undone if the handler raises."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection


Database = Annotated[Any, Depends(transaction, scope="handler")]


@dataclass
class Draft:
    title: str
    text: str = ""


@dataclass
class Note:
    id: int
    title: str
    text: str
    changed: datetime


def note(row: Any) -> Note:
    if row is None:
        raise HTTPError(404, "no such note")
    return Note(**row)


app = App(lifespan=lifespan)


@app.post("/notes", status=201)
async def create(draft: Draft, db: Database) -> Note:
    return note(
        await db.fetchrow("INSERT INTO notes (title, text) VALUES ($1, $2) RETURNING *", draft.title, draft.text)
    )


@app.get("/notes")
async def found(
    db: Database,
    q: str = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> list[Note]:
    rows = await db.fetch(
        "SELECT * FROM notes WHERE position(lower($1) in lower(title || ' ' || text)) > 0 ORDER BY id LIMIT $2 OFFSET $3",
        q,
        limit,
        offset,
    )
    return [note(row) for row in rows]


@app.get("/notes/{id:int}")
async def read(id: int, db: Database) -> Note:
    return note(await db.fetchrow("SELECT * FROM notes WHERE id = $1", id))


@app.put("/notes/{id:int}")
async def replace(id: int, draft: Draft, db: Database) -> Note:
    command = "UPDATE notes SET title = $2, text = $3, changed = now() WHERE id = $1 RETURNING *"
    return note(await db.fetchrow(command, id, draft.title, draft.text))


@app.delete("/notes/{id:int}", status=204)
async def remove(id: int, db: Database) -> None:
    note(await db.fetchrow("DELETE FROM notes WHERE id = $1 RETURNING *", id))


@app.post("/notes/import", status=201)
async def bring(drafts: Annotated[list[Draft], Body()], db: Database) -> dict[str, int]:
    """All of them or none."""
    for draft in drafts:
        await db.execute("INSERT INTO notes (title, text) VALUES ($1, $2)", draft.title, draft.text)
    return {"made": len(drafts)}


@app.exception_handler(asyncpg.UniqueViolationError)
def taken(request: Request, error: asyncpg.UniqueViolationError) -> tuple[dict[str, str], int]:
    return {"detail": "there is a note with this title"}, 409


if __name__ == "__main__":
    app.run(port=8000)
