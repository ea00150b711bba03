"""Where the value of each setting comes from. Loaded only for `pelton check`."""

from __future__ import annotations

from pelton.config.settings import SETTINGS, defaults, variables_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pelton.config.setting_files import ConfigFile
    from pelton.config.server_config import ServerConfig

# A supervisor uses these before a worker imports the application, so it never learns what the application was given.
OF_SUPERVISOR = frozenset((
    "host", "port", "uds", "uds_permissions", "bind", "fd", "backlog", "admin_bind", "restarts_burst", "restarts_window", "cpu_affinity", "worker_lifetime",
    "limit_max_requests", "limit_max_requests_jitter", "limit_rss", "timeout_graceful",
    "timeout_worker_start", "timeout_stuck_dump", "timeout_stuck_kill",
))  # fmt: skip
IN_CODE = "App(server=)"
DEFAULT = "default"


def origins(base: ServerConfig | None, flags: Mapping[str, str], file: ConfigFile | None, env: Mapping[str, str]) -> dict[str, str]:
    """By keyword the strongest place that gives a setting: a flag, a variable, a line of a file, code, or the default.

    Args:
        base: What the application was made with, None for the defaults.
        flags: The flags that are given, with their dashes, by keyword.
        file: The configuration file, None without.
        env: The environment, without variables of the command alone.
    """
    variables = variables_in("PELTON_", env)
    standard = defaults()
    coded = standard if base is None else base._values()
    found = {}
    for keyword in SETTINGS:
        if keyword in flags:
            found[keyword] = flags[keyword]
        elif keyword in variables:
            found[keyword] = variables[keyword]
        elif file is not None and keyword in file.settings:
            found[keyword] = file.place_of(keyword)
        else:
            is_coded = keyword not in OF_SUPERVISOR and coded[keyword] != standard[keyword]
            found[keyword] = IN_CODE if is_coded else DEFAULT
    return found


def coded_in_vain(base: ServerConfig | None) -> list[str]:
    """Keywords of settings in code that `pelton run` does not hear of."""
    if base is None:
        return []
    coded, standard = base._values(), defaults()
    return [keyword for keyword in SETTINGS if keyword in OF_SUPERVISOR and coded[keyword] != standard[keyword]]
