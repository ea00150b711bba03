"""What a process does before it serves: whose it is, what it loads, and how it tells of a crash."""

from __future__ import annotations

import os
import sys

from pelton.errors import ConfigError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pelton.cli.program import Program
    from pelton.config.settings import Values
    from pelton.routing.app_parts import AppParts


def drop_privileges(user: str | None, group: str | None) -> None:
    """For good, with what is bound still open; nothing without a user and a group."""
    if user is None and group is None:
        return
    import grp
    import pwd

    try:
        entry = None if user is None else pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
        group_id = entry.pw_gid if entry is not None else os.getgid()
        if group is not None:
            group_id = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise StartupError(f"{error.args[0]}; name another with --user and --group") from None
    try:
        if entry is None:
            os.setgroups([group_id])
        else:
            os.initgroups(entry.pw_name, group_id)
        os.setresgid(group_id, group_id, group_id)
        if entry is not None:
            os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    except PermissionError:
        raise StartupError("only root may become another; leave --user and --group out") from None


def report_crashes() -> None:
    """Has native stacks written to stderr at a crash, and Python's after them."""
    import faulthandler

    from pelton import _native

    if sys.stderr is not None:
        if not faulthandler.is_enabled():
            faulthandler.enable()
        faulthandler.register(_native.stacks_signal)
    _native.report_crashes()


def load_runtime() -> None:
    """What serving takes, with no collection on the way or of it later: nothing of it is garbage."""
    import gc

    collects = gc.isenabled()
    gc.disable()
    try:
        import pelton.app  # noqa: F401
        import pelton.loop  # noqa: F401
        import pelton.routing.answers  # noqa: F401
        import pelton.routing.entries  # noqa: F401
        import pelton.serving.runtime  # noqa: F401
        import pelton.validation.markers  # noqa: F401
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def loaded(program: Program) -> AppParts:
    """The application; a StartupError says why there is none."""
    from pelton.cli.loading import load_program
    from pelton.routing.app_parts import parts_of

    try:
        return parts_of(load_program(program, program.served))
    except (ConfigError, RegistrationError) as error:
        if not program.is_watched:
            raise
        raise StartupError(str(error)) from None


def reconfigured(settings: Values, before: Values) -> Values:
    """The settings; where `App(server=)` says otherwise than they did before, the logs are set up again."""
    from pelton.serving.loggers import configure_logging
    from pelton.serving.terminal import voice

    if any(settings[name] != before[name] for name in ("log_config", "log_level", "use_colors")):
        voice.set_up(settings)
        configure_logging(settings)
    return settings
