"""FastAPI as its users run it: uvicorn with uvloop and httptools, everything async.

It knows no msgspec.
"""

import os
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, UploadFile
from fastapi.staticfiles import StaticFiles
from order_models import Order

CONTENDERS = {
    "FastAPI on uvicorn": {
        "requires": ["fastapi==0.165.0", "pydantic==2.14.3", "python-multipart==0.0.34",
                     "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0"],
        "command": ["{venv}/bin/uvicorn", "--port", "{port}", "--loop", "uvloop", "--http", "httptools",
                    "--no-access-log", "--log-level", "critical", "--no-server-header", "--app-dir", "{here}",
                    "framework_fastapi:app"],
        "questions": [f"framework_{one}" for one in ("typed", "pydantic", "depends", "middleware", "guard",
                                                     "upload", "static_small", "static_large")],
    },
}  # fmt: skip

app = FastAPI()


@app.get("/items/{id}")
async def item(id: int, q: str, x_trace: Annotated[str, Header()], page: int = 1, limit: int = 20):
    return {"id": id, "page": page, "limit": limit, "q": q, "trace": x_trace}


@app.post("/orders")
async def order(order: Order):
    return {"order": order.order, "lines": len(order.items)}


async def settings():
    return {"owner": "zoe"}


async def session(settings: Annotated[dict[str, str], Depends(settings)]):
    return {"user": settings["owner"]}


async def user(session: Annotated[dict[str, str], Depends(session)]):
    return session["user"]


@app.get("/chain")
async def chain(user: Annotated[str, Depends(user)]):
    return {"user": user}


@app.get("/stamped")
async def stamped():
    return {"hello": "world"}


async def stamp(request, call_next):
    response = await call_next(request)
    response.headers["X-Stamp"] = "here"
    return response


# It is around every route of the application: the other questions ask without.
if os.environ["BENCH_QUESTION"] == "framework_middleware":
    app.middleware("http")(stamp)


async def is_admin(x_role: Annotated[str, Header()] = ""):
    if x_role != "admin":
        raise HTTPException(403)


@app.get("/admin", dependencies=[Depends(is_admin)])
async def admin():
    return {"hello": "world"}


@app.post("/upload")
async def upload(file: UploadFile):
    return {"size": file.size}


app.mount("/static", StaticFiles(directory=os.environ["BENCH_STATIC"]))
