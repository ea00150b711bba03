"""What to write instead of a setting or flag that does not exist. Loaded only for the message that says so."""

from __future__ import annotations

from pelton.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NOT_YET = "pelton does not have it yet; put it on a proxy in front"
_LOGGING = 'Python\'s logging decides that: logging.getLogger("pelton").setLevel("WARNING")'
_ONE_IMPLEMENTATION = "there is one implementation; leave it out"
_RELOAD = "it is a flag of the command: pelton dev APP, or pelton run APP --reload"
_RECYCLING = "pelton does not have it; a worker that dies or hangs is replaced by itself"
_ENVIRONMENT = "set the variables where the command is started: a shell, a unit or a container"

# Names that other servers have, and what does the same here.
_ELSEWHERE = {
    "ca_certs": _NOT_YET,
    "certfile": _NOT_YET,
    "daemon": "let a service manager keep it in the background",
    "env": _ENVIRONMENT,
    "env_file": _ENVIRONMENT,
    "graceful_timeout": "write timeout_graceful",
    "h11_max_incomplete_event_size": "write limit_header_size, of all fields, and limit_header_line, of one",
    "headers": "write header, once for each field",
    "http": _ONE_IMPLEMENTATION,
    "http2": _NOT_YET,
    "keep_alive": "write timeout_idle",
    "keyfile": _NOT_YET,
    "limit_max_requests": _RECYCLING,
    "limit_max_requests_jitter": _RECYCLING,
    "log_config": _LOGGING,
    "log_level": _LOGGING,
    "loop": "write engine, which is auto, uring or epoll",
    "max_requests": _RECYCLING,
    "max_requests_jitter": _RECYCLING,
    "reload": _RELOAD,
    "reload_delay": _RELOAD,
    "reload_dir": _RELOAD,
    "reload_exclude": _RELOAD,
    "reload_include": _RELOAD,
    "reset_contextvars": "each request has a context of its own; leave it out",
    "root_path": "mount the App below the path, with app.mount() of another",
    "ssl_ca_certs": _NOT_YET,
    "ssl_cert_reqs": _NOT_YET,
    "ssl_certfile": _NOT_YET,
    "ssl_ciphers": _NOT_YET,
    "ssl_keyfile": _NOT_YET,
    "ssl_keyfile_password": _NOT_YET,
    "ssl_version": _NOT_YET,
    "threads": "write blocking_threads",
    "timeout": "write timeout_handler for a handler, timeout_stuck_kill for a worker that hangs",
    "timeout_graceful_shutdown": "write timeout_graceful",
    "timeout_keep_alive": "write timeout_idle",
    "use_colors": "colours are for terminals alone; NO_COLOR=1 in the environment switches them off",
    "worker_class": "there is one kind of worker; leave it out",
    "workers": "pelton run APP --workers N starts several; app.run() serves in its own process",
    "ws": _ONE_IMPLEMENTATION,
}


def setting_hint(name: str, known: Iterable[str], prefix: str = "", shown: Callable[[str], str] = str) -> str:
    """A clause that follows `...is no setting`: what does the same, else the known name that is really near."""
    bare = name.removeprefix(prefix).lower()
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
