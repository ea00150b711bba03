"""The shop itself."""

from __future__ import annotations

from typing import Any

from samples.accounts import add_accounts
from samples.catalogue import add_catalogue
from samples.filters import add_filters
from samples.kits import Kit
from samples.orders import add_orders


def shop(web: Kit) -> Any:
    app = web.App()
    add_catalogue(app, web)
    add_orders(app, web)
    add_accounts(app, web)
    add_filters(app, web)
    return app
