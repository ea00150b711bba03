"""Models whose fields come from the query, headers and cookies one by one."""

from typing import Annotated, Any

from samples.kits import Kit
from samples.models import Basket, Filters, StrictFilters, Trail


def add_filters(app: Any, web: Kit) -> None:
    @app.get("/filters")
    def filters(by: Annotated[Filters, web.Query()]) -> dict[str, Any]:
        return by.model_dump()

    @app.get("/filters/strict")
    def strict(by: Annotated[StrictFilters, web.Query()]) -> dict[str, Any]:
        return {"by": by.model_dump(), "set": sorted(by.model_fields_set)}

    @app.get("/filters/beside")
    def beside(by: Annotated[Filters | None, web.Query()] = None, page: Annotated[int, web.Query(ge=1)] = 1) -> dict[str, Any]:
        return {"by": by and by.model_dump(), "page": page}

    @app.get("/trail")
    def trail(of: Annotated[Trail, web.Header()]) -> Trail:
        return of

    @app.get("/basket")
    def basket(kept: Annotated[Basket, web.Cookie()]) -> Any:
        return {"kept": [kept]}
