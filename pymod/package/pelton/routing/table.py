"""The routes of one application, each with its plan until the native half has all of them."""

from __future__ import annotations

from pelton import _native
from pelton.errors import RegistrationError, RouteConflict
from pelton.routing.route_options import FIXES
from pelton.routing.routes import check_literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Plan
    from pelton.routing.routes import RouteInfo


class RouteTable:
    """Every route in the order of registration, which is its index in the native half too."""

    def __init__(self, native: _native.Application) -> None:
        self._native = native
        self.routes: list[RouteInfo] = []
        self.plans: dict[int, Plan] = {}  # by route, until the freeze
        self.unresolved: list[tuple[int, RouteInfo, Callable[[], Plan]]] = []

    def refuse_name(self, route: RouteInfo) -> None:
        """RegistrationError if another route has the name that this one was given."""
        if not route.explicit_name:
            return
        other = next((one for one in self.routes if one.explicit_name and one.name == route.name), None)
        if other is not None:
            raise RegistrationError(
                f"two routes are named {route.name!r}",
                where=f"{route.where}; {other.where}",
                fix="give each its own name=",
            )

    def add(
        self, route: RouteInfo, compile: Callable[[], Plan], add: Callable[[Callable[[str], Any]], int]
    ) -> None:
        """Adds a route with its plan; one whose annotations name nothing yet gets its plan at the freeze."""
        from pelton.validation.parameters import Unresolved

        check_literals(route.template, route.where)
        plan = None
        try:
            plan = compile()
        except Unresolved:
            pass
        try:
            index = add(_fullmatch)
        except _native.RouteError as error:
            raise self._refused(error, route) from None
        self.routes.append(route)
        if plan is None:
            self.unresolved.append((index, route, compile))
        else:
            self.plans[index] = plan
            self._native.set_plan(index, plan)

    def _refused(self, error: _native.RouteError, route: RouteInfo) -> RegistrationError:
        where = route.where
        if error.problem == "conflict" and error.other is not None:
            other = self.routes[error.other]
            return RouteConflict(
                f"{' '.join(route.methods)} {route.path} has the shape of {other.path}",
                where=f"{route.place} and {other.place}",
                fix="change one of the paths or methods",
            )
        return RegistrationError(f"template {route.path!r}: {error}", where=where, fix=FIXES[error.problem])


def _fullmatch(pattern: str) -> Callable[[str], Any]:
    import re

    return re.compile(pattern).fullmatch
