"""What to write instead of a setting or flag that does not exist. Loaded only for the message that says so."""

from __future__ import annotations

from pelton.config.command_keys import is_option
from pelton.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ONE_IMPLEMENTATION = "there is one implementation; leave it out"
_ENVIRONMENT = "set the variables where the command is started: a shell, a unit or a container"

# Names that other servers have, and what does the same here.
_ELSEWHERE = {
    "ca_certs": "write ssl_ca_certs",
    "callback_notify": "start a task of your own with app.on_startup and app.spawn()",
    "certfile": "write ssl_certfile",
    "daemon": "let a service manager keep it in the background",
    "env": _ENVIRONMENT,
    "graceful_timeout": "write timeout_graceful",
    "h11_max_incomplete_event_size": "write limit_header_size, of all fields, and limit_header_line, of one",
    "headers": "write header, once for each field",
    "http2": "it is on with TLS; write h2c to have it without",
    "keep_alive": "write timeout_idle",
    "keyfile": "write ssl_keyfile",
    "loop": "write engine, which is auto, uring or epoll",
    "max_requests": "write limit_max_requests",
    "max_requests_jitter": "write limit_max_requests_jitter",
    "max_worker_memory": "write limit_rss",
    "reset_contextvars": "each request has a context of its own; leave it out",
    "root_path": "mount the App below the path, with app.mount() of another",
    "ssl_version": "write ssl_protocol_min, and ssl_protocol_max: 1.2 or 1.3",
    "threads": "write blocking_threads",
    "timeout": "write timeout_handler for a handler, timeout_stuck_kill for a worker that hangs",
    "timeout_graceful_shutdown": "write timeout_graceful",
    "timeout_keep_alive": "write timeout_idle",
    "timeout_notify": "start a task of your own with app.on_startup and app.spawn()",
    "timeout_worker_healthcheck": "write timeout_stuck_kill",
    "version": "pelton --version says it",
    "worker_class": "there is one kind of worker; leave it out",
    "ws": _ONE_IMPLEMENTATION,
}


def setting_hint(name: str, known: Iterable[str], prefix: str = "", shown: Callable[[str], str] = str) -> str:
    """A clause that follows `...is no setting`: what does the same, else the known name that is really near."""
    bare = name.removeprefix(prefix).lower()
    if is_option(bare) and name not in known:
        return "; it is an option of pelton run, app.run() and pelton.run(), and no setting of an application"
    if bare in _ELSEWHERE:
        return f"; {_ELSEWHERE[bare]}"
    near = nearest(bare, [one.removeprefix(prefix) for one in known])
    return f"; did you mean {shown(prefix + near)}?" if near else ""


def flag_hint(flag: str, flags: Iterable[str]) -> str:
    """The same for a flag of `pelton run`, with its dashes; `flags` are without."""
    bare = flag.lstrip("-").removeprefix("no-")
    if (elsewhere := _ELSEWHERE.get(bare.replace("-", "_"))) is not None:
        return f"; {elsewhere}"
    near = nearest(bare, sorted(flags))
    return f"; did you mean --{near}?" if near else ""
