"""Accounts: forms, files, cookies, errors."""

from typing import Annotated, Any

from samples.kits import Kit
from samples.models import Failure, OutOfStock, Profile, Theme


def add_accounts(app: Any, web: Kit) -> None:
    class Paging:
        def __init__(self, page: Annotated[int, web.Query(ge=1)] = 1, per: int = 20) -> None:
            self.page = page
            self.per = per

    @app.post("/login")
    def login(
        response: web.Response,
        username: Annotated[str, web.Form(min_length=3, pattern="^[a-z0-9]*$")],
        password: Annotated[str, web.Form()],
        scopes: Annotated[list[str], web.Form()] = [],  # noqa: B006
        days: Annotated[int, web.Form(le=30)] = 1,
        remember: Annotated[bool, web.Form()] = False,
    ) -> dict[str, Any]:
        response.headers["x-days"] = str(days)
        return {"user": username, "secret": len(password), "scopes": scopes, "days": days, "remember": remember}

    @app.post("/profile")
    def profile(
        picture: Annotated[web.UploadFile, web.File()],
        title: Annotated[str, web.Form(max_length=10)],
        banner: Annotated[web.UploadFile | None, web.File()] = None,
        width: Annotated[int | None, web.Form(gt=0)] = None,
    ) -> dict[str, Any]:
        return {"title": title, "width": width, "picture": [picture.filename, web.size_of(picture)],
                "banner": banner and banner.filename, "type": picture.content_type}

    @app.post("/gallery")
    def gallery(
        pictures: Annotated[list[web.UploadFile], web.File(max_length=3)], album: Annotated[str, web.Form()] = "misc"
    ) -> dict[str, Any]:
        return {"album": album, "pictures": [[one.filename, web.size_of(one)] for one in pictures]}

    @app.put("/profile")
    async def set_profile(profile: Annotated[Profile, web.Form()]) -> Profile:
        return profile

    @app.get("/me")
    def me(
        paging: Annotated[Paging, web.Depends()],
        session: Annotated[str, web.Cookie(min_length=4)],
        theme: Annotated[Theme, web.Cookie()] = Theme.LIGHT,
        visits: Annotated[int, web.Cookie()] = 0,
        lang: Annotated[str | None, web.Cookie(alias="ui-lang")] = None,
    ) -> dict[str, Any]:
        return {"page": [paging.page, paging.per], "session": session, "theme": theme, "visits": visits, "lang": lang}

    told = {status: {"description": "As told"} for status in (404, 409, 410, 418, 500, 503)}

    @app.get("/failures/{kind}", responses=told)
    async def fail(kind: Failure, left: int = 0) -> Any:
        if kind is Failure.CONFLICT:
            raise web.HTTPException(status_code=409)
        if kind is Failure.TEAPOT:
            raise web.HTTPException(418, detail={"short": True, "left": left}, headers={"x-pot": "yes"})
        if kind is Failure.GONE:
            raise web.HTTPException(410, detail="gone")
        if kind is Failure.NO_STOCK:
            raise OutOfStock(left)
        if kind is Failure.LOOKUP:
            return {}[left]
        if kind is Failure.EMPTY:
            return None
        return 1 / 0

    @app.exception_handler(OutOfStock)
    async def out_of_stock(request: web.Request, error: OutOfStock) -> Any:
        return web.answer({"sold_out": request.url.path, "left": error.left}, 503, {"retry-after": "9"})

    @app.exception_handler(LookupError)
    def not_there(request: web.Request, error: LookupError) -> Any:
        return web.answer({"missing": str(error)}, 404, {})
