"""The function that runs a route's layers and has its handler called: written once, at the freeze.

A route without layers has none. One with nothing but `before` hooks and guards gives the handler's
own result; where middleware or an `after` hook is to see it, that is made a Response first. It is a
coroutine function only if one of them, or the handler's own call, has to be awaited.
"""

from __future__ import annotations

from pelton._native import Request
from pelton.callables import is_coroutine, is_passed_on
from pelton.messages.response import Later, Response, later
from pelton.routing.guards import is_awaited, refuse
from pelton.routing.layer_calls import LATE, Endpoint, abandoned, carried, other_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from pelton._native import Plan
    from pelton.routing.answers import Answers
    from pelton.routing.registrar import Layers
    from pelton.routing.routes import RouteInfo


class RouteLayers:
    """What is around one route, the outermost first."""

    def __init__(
        self,
        layers: Iterable[Layers],
        guards: Iterable[Callable[..., Any]] = (),
        outer: Iterable[Layers] = (),
        is_websocket: bool = False,
    ) -> None:
        found = list(layers)
        self.before = [fn for one in found for fn in one.before]
        self.guards = list(guards)
        # Their subject is a Response, and a WebSocket has none.
        self.middleware = [] if is_websocket else [fn for one in (*outer, *found) for fn in one.middleware]
        self.after = [] if is_websocket else [fn for one in found for fn in one.after]

    def __bool__(self) -> bool:
        return bool(self.middleware or self.before or self.after or self.guards)


def layered(layers: RouteLayers, route: RouteInfo, plan: Plan, answers: Answers) -> tuple[Callable[..., Any], bool]:
    """(the function of the request, whether it is a coroutine function or gives coroutines)."""
    source = _Source(layers, plan)
    source.scope["call"] = plan["handler"] if source.calls_directly else Request._call
    run = _compiled(source, Endpoint(answers, route, source.after), source.lines(), route.where)
    run.__name__ = run.__qualname__ = getattr(route.handler, "__name__", "run")
    return run, source.is_coroutine or source.awaited


def unmatched(layers: RouteLayers, answers: Answers) -> Callable[..., Any]:
    """`(request, status, allow, location)` of a request without a route, in the middleware."""
    source = _Source(layers, {"handler": answers.on_unmatched, "arguments": [], "info": None})
    source.scope["unmatched"] = answers.on_unmatched
    lines = [
        "response = unmatched(request, status, allow, location)",
        "if type(response) is not Response:",
        "    response = await response",
    ]
    head = "async def run(request, status, allow, location):"
    return _compiled(source, Endpoint(answers, None, []), [head, *_indented(source.around(lines))], "no route")


def _compiled(source: _Source, endpoint: Endpoint, lines: list[str], where: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {
        **source.scope,
        "Later": Later,
        "Response": Response,
        "abandoned": abandoned,
        "answered": endpoint.answered,
        "carried": carried,
        "encoded": endpoint.encoded,
        "finished": endpoint.finished,
        "instead": endpoint.instead,
        "known": endpoint.known,
        "late": LATE,
        "later": later,
        "merged": endpoint.merged,
        "other_request": other_request,
        "refuse": refuse,
        "settled": endpoint.settled,
    }
    exec(compile("".join(f"{line}\n" for line in lines), f"<the layers of {where}>", "exec"), scope)
    run: Callable[..., Any] = scope["run"]
    return run


class _Source:
    """The text of one function; what it names goes into `scope`."""

    def __init__(self, layers: RouteLayers, plan: Plan) -> None:
        self.scope: dict[str, Any] = {}
        self.middleware = layers.middleware
        self.before = layers.before
        self.guards = layers.guards
        self.after = layers.after[::-1]
        self.awaited = bool(plan.get("is_coroutine"))  # the handler's call is
        sources = [argument["source"] for argument in plan["arguments"]]
        self.merges = "response" in sources or "background" in sources
        # The native half has nothing to fill in.
        self.calls_directly = sources == ["request"] and not plan["arguments"][0].get("keyword")
        self.makes_response = bool(self.middleware or self.after)
        awaits = any(map(is_awaited, self.guards)) or any(map(is_coroutine, [*self.before, *self.after]))
        self.is_coroutine = bool(awaits or self.middleware or (self.awaited and (self.makes_response or self.merges)))

    def lines(self) -> list[str]:
        head = "async def" if self.is_coroutine else "def"
        if not self.makes_response:
            return [f"{head} run(request):", *_indented(self.asked("return ")), *_indented(self.given())]
        if not self.middleware:
            return [f"{head} run(request):", *_indented(self.response()), "    return response"]
        return ["async def run(request):", *_indented(self.around(self.response()))]

    # --- what may answer in the handler's place ---

    def asked(self, answer: str) -> list[str]:
        """The `before` hooks and the guards; what a hook answers goes to `answer`."""
        lines: list[str] = []
        for at, fn in enumerate(self.before):
            self.scope[f"b{at}"] = fn
            lines += [
                *_called(f"b{at}(request)", fn, is_coroutine(fn)),
                "if value is not None:",
                f"    {answer}answered(value, b{at})",
                *([*_indented(self.awaited_late()), "    break"] if answer != "return " else []),
            ]
        for at, fn in enumerate(self.guards):
            self.scope[f"g{at}"] = fn
            lines += [
                *_called(f"g{at}(request)", fn, is_awaited(fn)),
                "if value is not None and value is not True:",
                f"    refuse(value, g{at})",
            ]
        return lines

    # --- the handler's own result, as the native half takes it ---

    def given(self) -> list[str]:
        if not self.merges and not (self.is_coroutine and self.awaited):
            return ["return call(request)"]
        lines = ["value, side = call(request)" if self.merges else "value = call(request)"]
        if self.awaited:
            lines += ['if hasattr(value, "__await__"):', "    value = await value"]
        return [*lines, "return merged(value, side)" if self.merges else "return value"]

    # --- a Response ---

    def made(self) -> list[str]:
        """The handler's, as `response`. What has to be awaited where nothing can be is left to settled()."""
        call = "value, side = call(request)" if self.merges else "value = call(request)"
        side = ", side" if self.merges else ""
        made = "merged" if self.merges else "encoded"
        if not self.is_coroutine:
            return [
                call,
                'if hasattr(value, "__await__"):',
                f"    return settled(request, value{side})",
                f"response = {made}(value{side})",
                "if type(response._body) is Later:",
                "    return settled(request, response)",
            ]
        return [
            call,
            'if hasattr(value, "__await__"):',
            "    value = await value",
            f"response = {made}(value{side})",
            "if type(response._body) is Later:",
            "    response = await finished(response)",
        ]

    def response(self) -> list[str]:
        """The endpoint: hooks, guards, handler, encoding, the application's exception handlers, `after`."""
        inner = [*self.asked("response = "), *self.made()]
        if self.before:
            inner = ["while True:", *_indented(inner), "    break"]
        return [*self.excepted(inner, [], "settled(request, response)"), *self.behind()]

    def excepted(self, inner: list[str], failed: list[str], settled: str) -> list[str]:
        lines = [
            "try:",
            *_indented(inner),
            "except BaseException as error:",
            *_indented(failed),
            "    response = known(request, error)",
            "    if response is None:",
            "        raise",
            "    if type(response) is not Response:",
        ]
        if self.is_coroutine:
            return [*lines, "        response = await response", *_indented(self.awaited_late())]
        # No hook follows that would look at it, and it is rendered as it is sent.
        late = [] if failed else _indented(self.awaited_late())
        return [*lines, f"        return {settled}", *late]

    def awaited_late(self) -> list[str]:
        """A template is rendered before the layers see it, whether a hook or the handler answered with it."""
        wait = "response = await finished(response)" if self.is_coroutine else "return settled(request, response)"
        return ["if type(response._body) in late:", f"    {wait}"]

    def behind(self) -> list[str]:
        """The `after` hooks. One that fails ends them."""
        lines: list[str] = []
        for at, fn in enumerate(self.after):
            self.scope[f"a{at}"] = fn
            lines += [
                *_called(f"a{at}(request, response)", fn, is_coroutine(fn)),
                "if value is not None:",
                f"    response = instead(value, a{at}, response)",
                *(_indented(self.awaited_late()) if self.is_coroutine else []),
            ]
        return self.excepted(lines, ["abandoned(response)"], "later(response)") if lines else []

    # --- middleware ---

    def around(self, endpoint: list[str]) -> list[str]:
        """From the inside out, each the `call_next` of the next one."""
        last = len(self.middleware)
        is_ours = ["if given is not request:", "    other_request(given)"]
        lines = [
            "behind = []",
            f"async def n{last}(given):",
            *_indented(is_ours),
            *_indented(endpoint),
            "    if response._background is not None or type(response._body) is not bytes:",
            "        behind.append(response)",
            "    return response",
        ]
        for at, fn in reversed(list(enumerate(self.middleware, 1))):
            self.scope[f"m{at}"] = fn
            if at > 1:
                lines += [
                    f"async def n{at - 1}(given):",
                    *_indented(is_ours),
                    f"    response = answered(await m{at}(request, n{at}), m{at})",
                    *_indented(self.awaited_late()),
                    "    return response",
                ]
        return [
            *lines,
            "try:",
            "    response = await m1(request, n1)",
            "    if type(response) is not Response:",
            "        response = answered(response, m1)",
            "except BaseException:",
            "    for one in behind:",
            "        abandoned(one)",
            "    raise",
            "return carried(response, behind) if behind else response",
        ]


def _called(call: str, fn: Any, awaited: bool) -> list[str]:
    if awaited and is_passed_on(fn):
        return [f"value = {call}", 'if hasattr(value, "__await__"):', "    value = await value"]
    return [f"value = {'await ' if awaited else ''}{call}"]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
