"""The names a framework gives the shop: the same ones of FastAPI and of pelton."""

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


def pelton_kit() -> Kit:
    import pelton

    names = {name: getattr(pelton, name) for name in Kit.__annotations__ if hasattr(pelton, name)}
    names["App"] = lambda: pelton.App(validator="pydantic")
    return Kit(
        **names,
        UploadFile=pelton.UploadedFile,
        answer=lambda body, status, headers: (body, status, headers),
        size_of=lambda upload: upload.size(),
    )
