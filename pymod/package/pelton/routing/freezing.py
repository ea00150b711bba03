"""The end of registration: plans that waited for names are compiled, and the native half gets what it calls."""

from __future__ import annotations

from pelton.callables import name_of
from pelton.errors import HandlerSignatureError, HTTPError
from pelton.messages.json_format import bad_json
from pelton.messages.response import JSON_ENCODER, side_channel
from pelton.routing.answers import disconnect_error
from pelton.validation.parameters import Unresolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from pelton._native import Hooks, Request
    from pelton.messages.response import Response
    from pelton.routing.answers import Answers
    from pelton.routing.app_parts import AppParts
    from pelton.routing.routes import RouteInfo
    from pelton.routing.table import RouteTable


def compile_unresolved(parts: AppParts) -> None:
    """The plans of routes whose annotations named nothing yet; HandlerSignatureError if they still do not."""
    parts.providers.settled = True  # what is still unknown may be registered at start
    for index, route, compile in parts.table.unresolved:
        try:
            parts.table.plans[index] = plan = compile()
            parts.native.set_plan(index, plan)
        except Unresolved as error:
            raise HandlerSignatureError(
                f"the annotation of parameter '{error.parameter}' of {name_of(route.handler)}() names nothing: {error}",
                where=route.where,
                fix="import the name at module level, outside if TYPE_CHECKING",
            ) from None
    parts.table.unresolved.clear()


def check_pools(table: RouteTable, pools: Collection[str]) -> None:
    """RegistrationError if a route names a blocking pool that was not made."""
    from pelton.config.concurrency import DEFAULT_POOL, check_pool, read_pool

    for route in table.routes:
        name = route.options.get("pool") or read_pool(route.options.get("blocking", False))
        check_pool(name, (DEFAULT_POOL, *pools), route.where)


def compile_layers(parts: AppParts, answers: Answers) -> None:
    """Puts middleware, hooks and guards around the routes that have any."""
    plans, parts.table.plans = parts.table.plans, {}
    watch = None
    if parts.app.debug:
        from pelton.signature.debug import watched

        watch = watched
        for index, plan in plans.items():
            plan["handler"] = watch(plan["handler"], plan["info"].where)
            parts.native.set_plan(index, plan)
    outer = parts.outer_layers
    owners_of_all = {id(owner): owner for route in parts.table.routes for owner in route.owners}
    has_layers = any(owner._layers for owner in owners_of_all.values()) or any(one.middleware for one in outer)
    if not has_layers and not any(route.options.get("guards") for route in parts.table.routes):
        return
    from pelton.routing.layer_code import RouteLayers, layered

    for index, route in enumerate(parts.table.routes):
        owners = [owner._layers for owner in route.owners]
        layers = RouteLayers(owners, route.options.get("guards", ()), outer, "WEBSOCKET" in route.methods)
        if layers:
            call, is_coroutine = layered(layers, route, plans[index], answers)
            if watch is not None:
                call = watch(call, route.where)
            parts.native.set_layers(index, call, is_coroutine)


def has_middleware(parts: AppParts) -> bool:
    return any(one.middleware for one in (*parts.outer_layers, parts.layers))


def _unmatched(parts: AppParts, answers: Answers) -> Callable[..., Any] | None:
    """What answers requests without a route; None where the native half does."""
    if has_middleware(parts):
        from pelton.routing.layer_code import RouteLayers, unmatched

        return unmatched(RouteLayers([parts.layers], outer=parts.outer_layers), answers)
    is_handled = parts.error_handlers.of_status(404) or parts.error_handlers.of_status(405)
    return answers.on_unmatched if is_handled else None


def _call_apart(parts: AppParts) -> Callable[[Any], Any]:
    """As layer_calls.call_apart(), which few applications ever need."""
    made: list[Callable[[Any], Any]] = []

    def call(request: Any) -> Any:
        if not made:
            from pelton.routing.layer_calls import call_apart

            made.append(call_apart(parts))
        return made[0](request)

    return call


def _background_of(side: Response) -> Any:
    """The tasks of a request; few applications have any."""
    from pelton.streaming.background import background_of

    return background_of(side)


def hooks_of(parts: AppParts, answers: Answers, websocket_of: Callable[[Request, RouteInfo], Any]) -> Hooks:
    """What the native half calls."""
    return {
        "app": parts.app,
        "on_exception": answers.on_exception,
        "convert_result": answers.convert_result,
        "side_channel": side_channel,
        "merge": answers.merge,
        "on_unmatched": _unmatched(parts, answers),
        "has_middleware": has_middleware(parts),
        "call_apart": _call_apart(parts),
        "bad_json": lambda request, error: bad_json(error),
        "refusal": HTTPError,
        "log_lost": answers.log_lost,
        "disconnect_error": disconnect_error,
        "json_variable": JSON_ENCODER,
        "json_encoder": parts.service.json.dumps,
        "go_on": answers.go_on,
        "start_background": answers.start_background,
        "background": _background_of,
        "websocket": websocket_of,
    }
