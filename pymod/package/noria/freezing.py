"""The end of registration: what waited for names is compiled, and the native half is told what to call."""

from __future__ import annotations

from noria.answers import background_of, disconnect_error, websocket_of
from noria.errors import HandlerSignatureError, HTTPError
from noria.models import bad_json
from noria.parameters import Unresolved, name_of
from noria.responses import side_channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from noria._native import Hooks
    from noria.answers import Answers
    from noria.app import App


def compile_unresolved(app: App) -> None:
    """The plans of routes whose annotations named nothing yet; HandlerSignatureError if they still do not."""
    app._providers.settled = True  # what is still unknown may be registered at start
    for index, route, compile in app._unresolved:
        try:
            app._native.set_plan(index, compile())
        except Unresolved as error:
            raise HandlerSignatureError(
                f"the annotation of parameter '{error.parameter}' of {name_of(route.handler)}() names nothing: {error}",
                where=route.where,
                fix="import the name at module level, outside if TYPE_CHECKING",
            ) from None
    app._unresolved.clear()


def hooks_of(app: App, answers: Answers) -> Hooks:
    """What the native half calls."""
    unmatched = 404 in app._handlers_by_status or 405 in app._handlers_by_status
    return {
        "app": app,
        "on_exception": answers.on_exception,
        "convert_result": answers.convert_result,
        "side_channel": side_channel,
        "merge": answers.merge,
        "on_unmatched": answers.on_unmatched if unmatched else None,
        "bad_json": lambda request, error: bad_json(error),
        "refusal": HTTPError,
        "log_lost": answers.log,
        "disconnect_error": disconnect_error,
        "go_on": answers.go_on,
        "start_background": answers.start_background,
        "background": background_of,
        "websocket": websocket_of,
    }
