"""What to write instead of a setting or flag that does not exist. Loaded only for the message that says so."""

from __future__ import annotations

from pelton.errors import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NOT_YET = "pelton does not have it yet; put it on a proxy in front"
_LOGGING = 'Python\'s logging decides that: logging.getLogger("pelton").setLevel("WARNING")'
_ONE_IMPLEMENTATION = "there is one implementation; leave it out"

# Names that other servers have, and what does the same here.
_ELSEWHERE = {
    "bind": "write --host and --port, or --uds",
    "certfile": _NOT_YET,
    "forwarded_allow_ips": _NOT_YET,
    "http": _ONE_IMPLEMENTATION,
    "keyfile": _NOT_YET,
    "log_config": _LOGGING,
    "log_level": _LOGGING,
    "loop": "write engine, which is auto, uring or epoll",
    "proxy_headers": _NOT_YET,
    "reload": "pelton does not have it yet; start it again after a change",
    "ssl_certfile": _NOT_YET,
    "ssl_keyfile": _NOT_YET,
    "threads": "write blocking_threads",
    "timeout_graceful_shutdown": "write timeout_graceful",
    "timeout_keep_alive": "write timeout_idle",
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


def flag_hint(flag: str, flags: Iterable[str], settings: Iterable[str]) -> str:
    """The same for a flag of `pelton run`: a setting without a flag is set by its variable."""
    keyword, known = flag.lstrip("-").replace("-", "_"), list(settings)
    if keyword in known:
        return f"; set it by PELTON_{keyword.upper()} in the environment"
    if keyword in _ELSEWHERE:
        return f"; {_ELSEWHERE[keyword]}"
    if near := nearest(flag.lstrip("-"), list(flags)):
        return f"; did you mean --{near}?"
    near = nearest(keyword, known)
    return f"; did you mean PELTON_{near.upper()} in the environment?" if near else ""
