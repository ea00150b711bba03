"""The signature rule: each parameter of a handler gets exactly one source, once, at registration."""

from __future__ import annotations

from pelton.callables import is_coroutine, is_generator, is_passed_on, name_of
from pelton.config.concurrency import CONFIGURED, read_concurrency
from pelton.errors import HandlerSignatureError
from pelton.messages.state import State
from pelton.signature.bodies import body_source
from pelton.signature.converters import converter_of
from pelton.signature.sources import Source, default_of, explainer, path_source, text_source
from pelton.validation.annotations import Unfit, described, fits_text, is_model, is_scalar
from pelton.validation.constraints import bounded
from pelton.validation.marker_reading import StateReader, is_dependency, is_state, marker_of, state_of
from pelton.validation.parameters import EMPTY, Unresolved, parameters_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton._native import Argument, Plan
    from pelton.dependencies.injection import Injection
    from pelton.routing.app_parts import AppParts
    from pelton.routing.routes import RouteInfo
    from pelton.validation.markers import Marker
    from pelton.validation.parameters import Parameter

    # A parameter whose argument waits for the others: a body, or what a provider makes.
    Waiting = tuple[Parameter, Any, Marker | None]

__all__ = ["Unresolved", "compile_plan"]

NO_LIMIT = 2**64 - 1


class Compiler:
    """Compiles one handler for one route."""

    is_websocket = False

    def __init__(self, parts: AppParts, route: RouteInfo) -> None:
        self.parts = parts
        self.app = parts.app
        self.service = parts.service
        self.providers = parts.providers
        self.route = route
        self.function = route.handler  # whose parameters these are: the handler, or a provider
        self.injection: Injection | None = None
        self.sources: list[Source] = []
        self.body: list[tuple[Parameter, Any, Marker | None]] = []
        self.takes_files = False
        self.scopes: tuple[str, ...] = ()  # that Security() asks for, above this function
        self.security: list[tuple[Any, tuple[str, ...]]] = []  # schemes the route depends on, with scopes
        self.parameter = ""  # the one that is looked at
        self.bare_request: str | None = None  # the handler's parameter that gets the request by its place alone

    def refused(self, problem: str, fix: str) -> HandlerSignatureError:
        return HandlerSignatureError(problem, where=self.route.where, fix=fix)

    def plan(self) -> Plan:
        """The plan; HandlerSignatureError, or Unresolved while a name does not exist."""
        handler = self.route.handler
        max_body = self.route.options.get("max_body")
        concurrency = read_concurrency(self.route.options, handler, self.route.where)
        try:
            found, returned = parameters_of(handler)
            slots = self.slots(found)
            if self.route.options.get("dependencies") or any(is_dependency(slot) for _, slot in slots):
                self.injection = self.injected(slots, concurrency.pool)
                arguments = self.injection.arguments
            else:
                arguments = self.arguments(slots)
            self.refuse_bodies()
            plan: Plan = {
                "handler": self.called(handler, concurrency.pool),
                "is_coroutine": self.is_awaited(concurrency.pool),
                "stream_body": concurrency.stream_body,
                "cancel_on_disconnect": concurrency.cancel_on_disconnect,
                "arguments": arguments,
                "status": self.route.status,
                "media_type": self.route.media_type,
                "body_bytes_max": NO_LIMIT if max_body == 0 else max_body,
                "wants_json": any(
                    source.source == "body" for source in self.sources
                ) and not any(marker is not None and marker.media_type for _, _, marker in self.body),
                "wants_form": any(source.source == "form" for source in self.sources),
                "takes_files": self.takes_files,
                "explain": explainer(self.sources, self.route.where),
                "info": self.route,
            }
            if concurrency.timeout_s is not CONFIGURED:
                timeout_s = concurrency.timeout_s
                plan["timeout_ms"] = NO_LIMIT if timeout_s is None else max(1, round(timeout_s * 1000))
            self.parameter = "return"
            self.result(plan, returned)
        except Unfit as error:
            raise self.refused(error.problem, error.fix) from None
        except NameError as error:
            # A field of a model is annotated with a string that names nothing yet.
            raise Unresolved(self.parameter, error) from None
        if self.app.debug:
            from pelton.signature.debug import hinted

            hinted(plan, self.bare_request, returned is EMPTY and not self.is_websocket)
        if self.injection is not None:
            self.injection.around(plan)
        return plan

    def is_awaited(self, pool: str | None) -> bool:
        """Whether a call of the handler gives an awaitable."""
        handler = self.route.handler
        return is_coroutine(handler) or (pool is not None and not _yields(handler))

    def injected(self, slots: list[tuple[Parameter, Any]], pool: str | None) -> Injection:
        from pelton.dependencies.injection import Injection

        return Injection(self, slots, self.is_awaited(pool))

    def called(self, handler: Callable[..., Any], pool: str | None) -> Callable[..., Any]:
        """What is called for a request: the handler, or what has it run in its pool."""
        if pool is None:
            return handler
        from functools import partial

        if _yields(handler):
            return handler  # its steps run there
        service = self.service

        async def in_pool(*args: Any, **kwargs: Any) -> Any:
            runtime = service.runtime
            assert runtime is not None
            return await runtime.run_blocking(pool, partial(handler, **kwargs) if kwargs else handler, args)

        return in_pool

    def result(self, plan: Plan, returned: Any) -> None:
        if returned is EMPTY and "response_model" not in self.route.options:
            return
        from pelton.signature.results import encoding_of_result, promised, result_type

        if returned is not EMPTY and "response_model" not in self.route.options:
            json = self.service.json
            self.route.items = encoding_of_result(
                promised(returned), self.route.media_type, json.dumps, self.app.validator, json.default
            )
            if self.route.items is not None:
                return
        options = self.route.options
        declared = options.get("response_model", EMPTY)
        if declared is None:
            return
        if declared is EMPTY:
            declared = returned
        if declared is EMPTY:
            return
        try:
            made = result_type(declared, self.app.validator, self.service.json.default)
        except Unfit as error:
            raise Unfit(f"the declared result: {error.problem}", f"{error.fix}, or response_model=None") from None
        if made is not None:
            self.route.encode = made.encode
            plan["encode"] = made.encode
            if made.unless is not None:
                plan["encode_unless"] = made.unless
            if made.shape is not None:
                plan["encode_unless_shape"] = made.shape

    def refuse_bodies(self) -> None:
        named = self.says(self.body[0][0]) if self.body else ""
        if named and self.route.options.get("stream_body"):
            raise self.refused(
                f"{named} is read from the body, which has not arrived when a handler with stream_body=True starts",
                "leave stream_body out, or read the body with await request.json_async()",
            )
        if named and any(source.source == "form" for source in self.sources):
            raise self.refused(f"{named} is a JSON body beside a form", "it has one body: mark all Form() or File(), or none")

    # --- rows of the rule ---

    def slots(self, parameters: list[Parameter]) -> list[tuple[Parameter, Argument | Waiting]]:
        """What each parameter gets, as far as it can be said by itself."""
        made: list[tuple[Parameter, Argument | Waiting]] = []
        template = dict(self.route.template.parameters)
        request_at: int | None = None
        for at, parameter in enumerate(parameters):
            self.parameter = parameter.name
            slot, is_request = self.row(at, parameter, template, request_at)
            if is_request:
                request_at = at
            made.append((parameter, slot))
        return made

    def arguments(self, slots: list[tuple[Parameter, Argument | Waiting]]) -> list[Argument]:
        # Bodies last: whether they share one object depends on how many there are.
        several = self.has_several_bodies()
        return [self.argument(parameter, slot, several) for parameter, slot in slots]

    def has_several_bodies(self) -> bool:
        return len({(marker and marker.alias) or parameter.name for parameter, _, marker in self.body}) > 1

    def argument(self, parameter: Parameter, slot: Argument | Waiting, several: bool) -> Argument:
        self.parameter = parameter.name
        if isinstance(slot, tuple):
            slot = self.taken(body_source(self.app.validator, self.service.json, self.says(parameter), *slot, several), *slot)
        if parameter.keyword:
            slot["keyword"] = True
        slot["parameter"] = parameter.name
        return slot

    def row(
        self,
        at: int,
        parameter: Parameter,
        template: dict[str, str],
        request_at: int | None,
    ) -> tuple[Any, bool]:
        from pelton.messages.request import Request
        from pelton.messages.response import Response

        marker, tp = marker_of(self, parameter)
        if marker is not None:
            return self.marked(parameter, tp, marker, template), False
        if tp is Request:
            return {"source": "request"}, True
        if tp is Response:
            return {"source": "response"}, False
        if isinstance(tp, type) and issubclass(tp, self.parts.kind):
            return {"source": "constant", "default": self.app}, False
        if tp is State:
            return {"source": "resolver", "resolve": state_of}, False
        if _is_ours(tp, "pelton.streaming.background", "BackgroundTasks"):
            return {"source": "background"}, False
        if _is_ours(tp, "pelton.security", "SecurityScopes"):
            return {"source": "constant", "default": tp(self.scopes)}, False
        if _is_ours(tp, "pelton.websocket.connection", "WebSocket") or _is_ours(tp, "pelton.websocket.sync_websocket", "SyncWebSocket"):
            raise self.refused(
                f"{self.says(parameter)} is a {tp.__name__} on a {'/'.join(self.route.methods)} route",
                f"register it with @app.websocket({self.route.path!r})",
            )
        if parameter.name in template:
            return self.path(parameter, parameter.name, tp, None), False
        if tp is EMPTY and parameter.default is EMPTY and parameter.positional:
            if at == 0:
                if self.function is self.route.handler:
                    self.bare_request = parameter.name
                return {"source": "request"}, True
            if request_at is not None and at == request_at + 1 and parameter.name in ("res", "response"):
                return {"source": "response"}, False
        if tp is EMPTY:
            if parameter.default is EMPTY:
                raise self.no_source(parameter)
            tp = self.typed_like_default(parameter)
        elif is_model(tp):
            if any(method in ("GET", "HEAD", "OPTIONS") for method in self.route.methods):
                raise self.refused(
                    f"{self.says(parameter)} is a model on a "
                    f"{'/'.join(self.route.methods)} route",
                    f"mark it Annotated[{described(tp)}, Query()] or Annotated[{described(tp)}, Body()], or use POST",
                )
            self.body.append((parameter, tp, None))
            return (parameter, tp, None), False
        if not fits_text(tp):
            raise self.no_source(parameter, tp)
        return self.text("query", parameter, tp, None), False

    @property
    def name(self) -> str:
        return name_of(self.function)

    def says(self, parameter: Parameter) -> str:
        return f"parameter '{parameter.name}' of {self.name}()"

    def taken(self, source: Source, parameter: Parameter, tp: Any, marker: Marker | None) -> Argument:
        source.parameter, source.tp, source.marker = parameter, tp, marker
        self.sources.append(source)
        return source.argument

    def path(self, parameter: Parameter, name: str, tp: Any, marker: Marker | None) -> Argument:
        template = self.route.template.parameters
        converter = dict(template)[name]
        marker = bounded(self.says(parameter), "path", converter_of(converter).tp if tp is EMPTY else tp, marker)
        constraints = {} if marker is None else marker.constraints
        return self.taken(path_source(self.says(parameter), template, name, tp, constraints), parameter, tp, marker)

    def text(self, source: str, parameter: Parameter, tp: Any, marker: Marker | None) -> Argument:
        marker = bounded(self.says(parameter), source, tp, marker)
        return self.taken(text_source(self.says(parameter), source, parameter, tp, marker), parameter, tp, marker)

    def no_source(self, parameter: Parameter, tp: Any = EMPTY, marker: Marker | None = None) -> HandlerSignatureError:
        name = parameter.name
        if tp is EMPTY:
            return self.refused(
                f"{self.says(parameter)} has no source",
                f"annotate it ({name}: int), give it a default ({name}=10) or mark it (Annotated[int, Query()])",
            )
        what = f"{described(tp)} is neither a scalar, a list of scalars nor a model"
        if marker is not None:
            return self.refused(f"{self.says(parameter)} is marked {marker!r}, but {what}", "take a str, or a model with it")
        from pelton.signature.form_sources import holds_file

        return self.refused(
            f"{self.says(parameter)} has no source: {what}",
            f"mark it (Annotated[{described(tp)}, {'File' if holds_file(tp) else 'Body'}()]) or annotate another type",
        )

    def marked(self, parameter: Parameter, tp: Any, marker: Marker, template: dict[str, str]) -> Any:
        name = parameter.name
        key = marker.alias or name
        if marker.source == "depends":
            return (parameter, tp, marker)
        if marker.source == "state":
            default = EMPTY if is_state(parameter.default) else parameter.default
            return {"source": "resolver", "resolve": StateReader(key, default)}
        if marker.source == "path":
            if key not in template:
                raise self.refused(
                    f"{self.says(parameter)} is marked Path() but {self.route.path} has no "
                    f"{{{key}}}",
                    f"add {{{key}}} to the template or mark it Query()",
                )
            return self.path(parameter, key, tp, marker)
        if name in template and marker.alias is None:
            raise self.refused(
                f"{self.says(parameter)} is in the path template but marked {marker!r}",
                "mark it Path() or rename it",
            )
        if marker.source in ("form", "file"):
            return self.of_form(parameter, tp, marker)
        if marker.source == "body":
            if tp is EMPTY:
                from typing import Any as AnyType

                tp = AnyType
            self.body.append((parameter, tp, marker))
            return (parameter, tp, marker)
        if tp is EMPTY:
            tp = self.typed_like_default(parameter, marker)
        if is_model(tp):
            return self.model(parameter, tp, marker)
        if not fits_text(tp):
            raise self.no_source(parameter, tp, marker)
        return self.text(marker.source, parameter, tp, marker)

    def model(self, parameter: Parameter, tp: Any, marker: Marker) -> Argument:
        from pelton.signature.model_sources import model_source

        made = model_source(self.says(parameter), marker.source, parameter, tp, marker, self.app.validator)
        return self.taken(made, parameter, tp, marker)

    def of_form(self, parameter: Parameter, tp: Any, marker: Marker) -> Argument:
        from pelton.signature.form_sources import file_source, holds_file

        if self.route.options.get("stream_body"):
            raise self.refused(
                f"{self.says(parameter)} is of a form, but the body of a stream_body route is not there yet",
                "await request.form_async(), iterate request.parts(), or leave stream_body out",
            )
        if marker.source == "file":
            self.takes_files = True
            marker = bounded(self.says(parameter), "file", tp, marker) or marker
            return self.taken(file_source(self.says(parameter), parameter, tp, marker), parameter, tp, marker)
        if tp is EMPTY:
            tp = self.typed_like_default(parameter, marker)
        if is_model(tp):
            return self.model(parameter, tp, marker)
        if not fits_text(tp):
            if holds_file(tp):
                raise self.refused(f"{self.says(parameter)} is a file marked Form()", "mark it File()")
            raise self.no_source(parameter, tp, marker)
        return self.text("form", parameter, tp, marker)

    def typed_like_default(self, parameter: Parameter, marker: Marker | None = None) -> Any:
        default = default_of(parameter, marker)[0]
        if default is EMPTY or default is None:
            return str
        if isinstance(default, list | set | tuple):
            first = next(iter(default), "")
            collection: Any = {list: list, set: set, tuple: tuple}.get(type(default))
            if collection is not None and is_scalar(type(first)):
                inner = type(first)
                return tuple[inner, ...] if collection is tuple else collection[inner]  # type: ignore[valid-type]
        if is_scalar(type(default)):
            return type(default)
        raise self.refused(
            f"{self.says(parameter)} has no source: its default {default!r} is no scalar",
            f"annotate it ({parameter.name}: int) or mark it (Annotated[..., Body()])",
        )


def _yields(handler: Any) -> bool:
    """Whether each call makes a generator, which runs nothing yet."""
    return is_generator(handler) and not is_passed_on(handler)


def _is_ours(tp: Any, module: str, name: str) -> bool:
    """Whether it is this class of ours; a program that does not use it need not import it."""
    import sys

    return module in sys.modules and tp is getattr(sys.modules[module], name)


def compile_plan(parts: AppParts, route: RouteInfo) -> Plan:
    """The plan of a route; Unresolved if a string annotation names nothing yet."""
    return Compiler(parts, route).plan()
