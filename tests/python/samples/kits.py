"""The names a framework gives the shop: the same ones of FastAPI and of noria."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kit:
    """What differs in more than its name is a function here: making an answer, asking a file for its size."""

    App: Any
    Body: Any
    Cookie: Any
    Depends: Any
    File: Any
    Form: Any
    HTTPException: Any
    Header: Any
    Path: Any
    Query: Any
    Request: Any
    Response: Any
    UploadFile: Any
    answer: Any
    size_of: Any


def fastapi_kit() -> Kit:
    import fastapi
    from fastapi.responses import JSONResponse

    names = {name: getattr(fastapi, name) for name in Kit.__annotations__ if hasattr(fastapi, name)}
    return Kit(**names, App=fastapi.FastAPI, answer=JSONResponse, size_of=lambda upload: upload.size)


def noria_kit() -> Kit:
    import noria

    names = {name: getattr(noria, name) for name in Kit.__annotations__ if hasattr(noria, name)}
    names["App"] = lambda: noria.App(validator="pydantic")
    return Kit(
        **names,
        UploadFile=noria.UploadedFile,
        answer=lambda body, status, headers: (body, status, headers),
        size_of=lambda upload: upload.size(),
    )
