"""The end of registration: what waited for names is compiled, and the native half is told what to call."""

from __future__ import annotations

from pelton.callables import name_of
from pelton.errors import HandlerSignatureError, HTTPError
from pelton.messages.json_reading import bad_json
from pelton.messages.response import JSON_ENCODER, side_channel
from pelton.routing.answers import disconnect_error
from pelton.validation.parameters import Unresolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Hooks, Request
    from pelton.app import App
    from pelton.messages.response import Response
    from pelton.routing.answers import Answers
    from pelton.routing.routes import RouteInfo


def compile_unresolved(app: App) -> None:
    """The plans of routes whose annotations named nothing yet; HandlerSignatureError if they still do not."""
    app._providers.settled = True  # what is still unknown may be registered at start
    for index, route, compile in app._table.unresolved:
        try:
            app._table.plans[index] = plan = compile()
            app._native.set_plan(index, plan)
        except Unresolved as error:
            raise HandlerSignatureError(
                f"the annotation of parameter '{error.parameter}' of {name_of(route.handler)}() names nothing: {error}",
                where=route.where,
                fix="import the name at module level, outside if TYPE_CHECKING",
            ) from None
    app._table.unresolved.clear()


def compile_layers(app: App, answers: Answers) -> None:
    """Puts middleware, hooks and guards around the routes that have any."""
    plans, app._table.plans = app._table.plans, {}
    watch = None
    if app.debug:
        from pelton.signature.debug import watched

        watch = watched
        for index, plan in plans.items():
            plan["handler"] = watch(plan["handler"], plan["info"].where)
            app._native.set_plan(index, plan)
    outer = app._outer_layers
    owners_of_all = {id(owner): owner for route in app._table.routes for owner in route.owners}
    has_layers = any(owner._layers for owner in owners_of_all.values()) or any(one.middleware for one in outer)
    if not has_layers and not any(route.options.get("guards") for route in app._table.routes):
        return
    from pelton.routing.layer_code import RouteLayers, layered

    for index, route in enumerate(app._table.routes):
        owners = [owner._layers for owner in route.owners]
        layers = RouteLayers(owners, route.options.get("guards", ()), outer, "WEBSOCKET" in route.methods)
        if layers:
            call, is_coroutine = layered(layers, route, plans[index], answers)
            if watch is not None:
                call = watch(call, route.where)
            app._native.set_layers(index, call, is_coroutine)


def has_middleware(app: App) -> bool:
    return any(one.middleware for one in (*app._outer_layers, app._layers))


def _unmatched(app: App, answers: Answers) -> Callable[..., Any] | None:
    """What answers requests without a route; None where the native half does."""
    if has_middleware(app):
        from pelton.routing.layer_code import RouteLayers, unmatched

        return unmatched(RouteLayers([app._layers], outer=app._outer_layers), answers)
    is_handled = 404 in app._handlers_by_status or 405 in app._handlers_by_status
    return answers.on_unmatched if is_handled else None


def _call_apart(app: App) -> Callable[[Any], Any]:
    """As layer_calls.call_apart(), which few applications ever need."""
    made: list[Callable[[Any], Any]] = []

    def call(request: Any) -> Any:
        if not made:
            from pelton.routing.layer_calls import call_apart

            made.append(call_apart(app))
        return made[0](request)

    return call


def _background_of(side: Response) -> Any:
    """The tasks of a request; few applications have any."""
    from pelton.streaming.background import background_of

    return background_of(side)


def hooks_of(app: App, answers: Answers, websocket_of: Callable[[Request, RouteInfo], Any]) -> Hooks:
    """What the native half calls."""
    return {
        "app": app,
        "on_exception": answers.on_exception,
        "convert_result": answers.convert_result,
        "side_channel": side_channel,
        "merge": answers.merge,
        "on_unmatched": _unmatched(app, answers),
        "has_middleware": has_middleware(app),
        "call_apart": _call_apart(app),
        "bad_json": lambda request, error: bad_json(error),
        "refusal": HTTPError,
        "log_lost": answers.log_lost,
        "disconnect_error": disconnect_error,
        "json_variable": JSON_ENCODER,
        "json_encoder": app._dumps,
        "go_on": answers.go_on,
        "start_background": answers.start_background,
        "background": _background_of,
        "websocket": websocket_of,
    }
