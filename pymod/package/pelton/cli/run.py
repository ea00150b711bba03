"""`pelton run`: the supervisor, and the workers that it starts with the same command line."""

from __future__ import annotations

import os
import sys

from pelton.cli.usage import NOT_STARTED, UsageError, parsed
from pelton.config.settings import SETTINGS, Setting, effective_settings, file_near, native_values, with_changes
from pelton.errors import ConfigError, PeltonError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pelton.app import App
    from pelton.cli.watching import Watcher
    from pelton.config.setting_files import ConfigFile
    from pelton.config.server_config import ServerConfig
    from pelton.config.settings import Values
    from pelton.routing.app_parts import AppParts
    from pelton.serving.listeners import Listener
    from pelton.serving.pid_file import PidFile
    from pelton.serving.predecessor import Predecessor
    from pelton.serving.server import Serving
    from pelton.websocket.bus import BusEnds

# Beside those of settings.
RUN_FLAGS = (
    "config", "workers", "app-dir", "factory", "interface", "lifespan", "wsgi-inline", "user", "group", "pid-file",
    "reload", "reload-dir", "reload-include", "reload-exclude", "reload-delay",
)  # fmt: skip
# What pelton dev puts in front of its arguments.
DEV_FLAGS = ("--reload", "--debug", "--access-log", "--access-log-format", "{method} {target} {status} {duration_ms} ms{reason_suffix}")
INTERFACES = ("auto", "native", "asgi", "asgi3", "wsgi")  # asgi3 is uvicorn's name of asgi
LIFESPANS = ("auto", "on", "off")
# Names of uvicorn and gunicorn, and our shorter ones.
ALIASES = {
    "w": "workers",
    "threads": "blocking-threads",
    "loop": "engine",
    "timeout-keep-alive": "timeout-idle",
    "timeout-graceful-shutdown": "timeout-graceful",
    "timeout-worker-healthcheck": "timeout-stuck-kill",
    "max-requests": "limit-max-requests",
    "max-requests-jitter": "limit-max-requests-jitter",
    "max-worker-memory": "limit-rss",
}
# As `python -m pelton`, which would first import runpy and what that needs; with -P, for a file of the
# current directory is the application's, and no part of the standard library.
_WORKER = "from pelton.cli.command import main; raise SystemExit(main())"
# Prefixes of the variables by which a supervisor says what a process of its own gets.
_TO_WORKER, _UPGRADE = "PELTON_WORKER_", "PELTON_UPGRADE_"
_LIFETIME = "PELTON_WORKER_LIFETIME"  # a user's, of a setting
_REPORT_BYTES_MAX = 4096  # of a pipe's atomic write
_LEFT_OUT = b"\n  ...\n"


def dev(arguments: list[str]) -> int:
    """`pelton run` for an application that is being written: reloaded at each change, with its errors shown."""
    return run([*DEV_FLAGS, *arguments])


def run(arguments: list[str]) -> int:
    """The supervisor, or one of its workers, by what the environment says."""
    from pelton.serving.terminal import complain, show_trace

    target, flags = _parsed(arguments)
    worker, before = _taken_from_environment()
    environment = dict(os.environ)
    try:
        program = Program(target, flags)
        workers = worker_count(flags.pop("workers", None), program.file)
        if program.is_watched:
            workers = 1
        if worker is not None:
            return _work(program, flags, worker, workers)
        return _supervise(arguments, program, flags, workers, environment, before)
    except (ConfigError, StartupError) as error:
        if worker is None:
            show_trace(error)
            complain(f"cannot start: {error}")
        else:
            worker.cannot_start(error)
        return NOT_STARTED


class Program:
    """What a command line names: the application, where it is looked for, how it is served, and the file with its settings.

    Args:
        target: APP; None where the command line has none.
        flags: Those of the command line, of which the ones that are about the application are taken out: `app-dir`,
            `config`, `factory`, `interface`, `lifespan`, `wsgi-inline`, `reload` and its kin.
    """

    def __init__(self, target: str | None, flags: dict[str, str]) -> None:
        given, named, factory = flags.pop("app-dir", None), flags.pop("config", None), flags.pop("factory", None)
        inline = flags.pop("wsgi-inline", None)
        self.app_dir = os.path.abspath(given or ".")
        self.file: ConfigFile | None = None
        path = os.path.abspath(named) if named else file_near(self._begin(target))
        if path is not None:
            from pelton.config.setting_files import read_file

            self.file = read_file(path, bool(named))
        of_entrypoint: ConfigFile | None = None
        if self.file is not None:
            if target is None:
                target = self.file.command.get("entrypoint")
                if target is not None and given is None:
                    self.app_dir = self.file.folder
            if given is None and "app_dir" in self.file.command:
                self.app_dir = os.path.join(self.file.folder, self.file.command["app_dir"])
            if target == self.file.command.get("entrypoint"):
                of_entrypoint = self.file
        if factory is None and of_entrypoint is not None:
            factory = of_entrypoint.command.get("factory")
        self.target = target
        self.is_factory = factory is not None and SWITCH.read(factory)
        if inline is None and of_entrypoint is not None:
            inline = of_entrypoint.command.get("wsgi_inline")
        self.is_wsgi_inline = inline is not None and SWITCH.read(inline)
        self.interface = _choice("interface", INTERFACES, flags, of_entrypoint)
        self.lifespan = _choice("lifespan", LIFESPANS, flags, of_entrypoint)
        self.hosted = ""  # ASGI or WSGI, if what served() has seen is no App
        self.is_watched = "reload" in flags and SWITCH.read(flags.pop("reload"))  # one worker, reloaded when a file changes
        self._watched = {name: flags.pop(name) for name in list(flags) if name.startswith("reload-")}
        if self._watched and not self.is_watched:
            raise UsageError(f"--{min(self._watched)} is of --reload, which is not given")

    def served(self, found: Any, name: str) -> App:
        """The App that serves an application of any interface; StartupError if it is none."""
        from pelton.app import App
        from pelton.hosting.interfaces import is_wsgi, served

        app = served(found, name, self.interface, App, self.lifespan, is_inline=self.is_wsgi_inline)
        if app is not found:
            self.hosted = "WSGI" if self.interface == "wsgi" or (self.interface == "auto" and is_wsgi(found)) else "ASGI"
        return app

    def watcher(self) -> Watcher:
        """What reloads the application when one of its files changes."""
        from pelton.cli.watching import DELAY_S, EXCLUDE, INCLUDE, Watch, Watcher

        def lines(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(self._watched[name].splitlines()) if name in self._watched else default

        delay = self._watched.get("reload-delay", str(DELAY_S))
        try:
            delay_s = Setting("reload-delay", "seconds", DELAY_S).read(delay)
        except ConfigError as error:
            raise UsageError(f"--{error}") from None
        folders = list(lines("reload-dir", (".",)))
        files = () if self.file is None else (self.file.path,)
        return Watcher(Watch(folders, lines("reload-include", INCLUDE), lines("reload-exclude", EXCLUDE), files, delay_s))

    def _begin(self, target: str | None) -> str:
        """Where the search for a configuration file begins."""
        path = (target or "").rpartition(":")[0] or target or ""
        is_file = path.endswith(".py") or "/" in path
        return os.path.dirname(os.path.join(self.app_dir, path)) if is_file else self.app_dir


SWITCH = Setting("factory", "switch", False)


def _choice(name: str, allowed: tuple[str, ...], flags: dict[str, str], file: ConfigFile | None) -> str:
    """The value of a flag, which is taken out, else of the file, else `auto`."""
    value, source = flags.pop(name, None), f"--{name}"
    if value is None and file is not None and name in file.command:
        value, source = file.command[name], f"{file.place_of(name)}: {name}"
    if value is None or value in allowed:
        return value or "auto"
    problem = f"{source} is {', '.join(allowed[:-1])} or {allowed[-1]}, not {value!r}"
    raise UsageError(problem) if source.startswith("--") else ConfigError(problem)


def setting_flag(keyword: str) -> str:
    """The flag of a setting, without its dashes."""
    return "header" if keyword == "headers" else keyword.replace("_", "-")


def _parsed(arguments: list[str]) -> tuple[str | None, dict[str, str]]:
    switches = {"factory", "reload", "wsgi-inline"} | {setting_flag(keyword) for keyword, one in SETTINGS.items() if one.unit in ("switch", "access log")}
    values = {*RUN_FLAGS, *map(setting_flag, SETTINGS)}
    loops = [argument.partition("=")[0] for argument in arguments]
    targets, flags = parsed(arguments, values, switches, ALIASES, lambda flag: _unknown(flag, values))
    if "--loop" in loops and flags["engine"] not in ("auto", "uring", "epoll"):
        raise UsageError(f"--loop {flags['engine']}: pelton has a loop of its own; write --engine auto, uring or epoll")
    for named in ("bind", "fd"):
        for other in ("host", "port"):
            if named in flags and other in flags:
                raise UsageError(f"--{named} says where to listen; leave --{other} out")
    if len(targets) > 1:
        raise UsageError(f"pelton run takes one APP, not {' '.join(targets)}")
    return targets[0] if targets else None, flags


def _unknown(flag: str, known: set[str]) -> str:
    from pelton.config.hints import flag_hint

    name = flag.partition("=")[0]
    return f"no flag {name!r}{flag_hint(name, known)}"


def worker_count(flag: str | None, file: ConfigFile | None = None) -> int:
    """The number of the flag, else of the environment, else of the file.

    It is removed from the environment, as an app has no setting of this name.
    """
    named, platform = os.environ.pop("PELTON_WORKERS", None), os.environ.get("WEB_CONCURRENCY")
    found = [(flag, "--workers"), (named, "PELTON_WORKERS"), (platform, "WEB_CONCURRENCY")]
    if file is not None and "workers" in file.command:
        found.append((file.command["workers"], f"{file.place_of('workers')}: workers"))
    for text, source in found:
        if text is None:
            continue
        if text == "auto":
            return usable_cpus()
        if text.isascii() and text.isdigit() and 1 <= int(text) <= 1024:
            return int(text)
        problem = f"{source} is a number from 1 to 1024 or auto, not {text!r}"
        if source.startswith("--"):
            raise UsageError(problem)
        raise ConfigError(problem if source.endswith(": workers") else f"environment: {problem}")
    return 1


def usable_cpus() -> int:
    """CPUs that affinity and the cgroup's quota leave us, at least one."""
    count = len(os.sched_getaffinity(0))
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        if quota != "max":
            count = min(count, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return max(1, count)


def configured(base: ServerConfig | None, flags: dict[str, str], file: ConfigFile | None) -> Values:
    """Flags over the environment over the file over what the app was given."""
    given = {("headers" if name == "header" else name.replace("-", "_")): value for name, value in flags.items()}
    return with_changes(effective_settings(base, {}, file), given, "command line")


def _supervise(
    arguments: list[str], program: Program, flags: dict[str, str], workers: int, environment: dict[str, str], before: Predecessor | None
) -> int:
    from pelton import _native
    from pelton.serving.listeners import admin_listener, bind, close_all

    file = program.file
    watcher = program.watcher() if program.is_watched else None
    # Of processes it knows, not of the app, whose own settings are its workers'.
    of_file = {} if file is None else file.command
    user, group = flags.pop("user", of_file.get("user")), flags.pop("group", of_file.get("group"))
    path = flags.pop("pid-file", None)
    if path is None and file is not None and "pid_file" in of_file:
        path = os.path.join(file.folder, of_file["pid_file"])
    settings = configured(None, flags, file)
    listeners = before.listeners if before else bind(settings, workers)
    pid_file, admin = (before.pid_file, before.admin) if before else (None, None)
    owns = before is None
    try:
        if before is None:
            if path is not None:
                from pelton.serving.pid_file import PidFile

                pid_file = PidFile(path)
            admin = admin_listener(settings)
            drop_privileges(user, group)  # a predecessor has done that
        if watcher is not None:
            watcher.begin()
        code, owns = _native.supervise(
            [os.fsencode(one) for one in (sys.executable, "-P", "-c", _WORKER, "run", *arguments)],
            listeners=[[one.descriptor for one in of_worker] for of_worker in listeners],
            workers=workers,
            config=native_values(settings),
            wear=(
                None if settings["worker_lifetime"] is None else round(settings["worker_lifetime"] * 1000),
                settings["limit_max_requests"],
                settings["limit_max_requests_jitter"],
                settings["limit_rss"],
            ),
            notify_socket=os.environ.get("NOTIFY_SOCKET", ""),
            notify_watchdog_ms=_notify_watchdog_ms(),
            kept=[one.descriptor for one in listeners[0] if one.is_kept],
            admin=None if admin is None else admin.descriptor,
            upgrade=_upgrade(environment, listeners, admin, pid_file),
            predecessor=None if before is None else before.socket,
        )
        return code
    finally:
        if watcher is not None:
            watcher.end()
        if pid_file is not None:
            pid_file.remove() if owns else pid_file.close()
        close_all(listeners, owns)
        if admin is not None:
            admin.close(owns)


def _upgrade(
    environment: dict[str, str], listeners: list[list[Listener]], admin: Listener | None, pid_file: PidFile | None
) -> tuple[list[bytes], list[bytes], list[int], int | None]:
    """How USR2 starts a supervisor in this one's place: what is installed then, with this command line and environment."""
    each = {one.descriptor: one for of_worker in listeners for one in of_worker}
    told = {
        "LISTENERS": ";".join(",".join(str(one.descriptor) for one in of_worker) for of_worker in listeners),
        "KEPT": ",".join(str(number) for number, one in each.items() if one.is_kept),
    }
    if admin is not None:
        told["ADMIN"] = str(admin.descriptor)
    if pid_file is not None:
        told["PID_FILE"] = str(pid_file.descriptor)
    ours = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"}  # the service manager's to this process alone
    kept = {name: text for name, text in environment.items() if name not in ours}
    kept |= {f"{_UPGRADE}{name}": text for name, text in told.items()}
    inherited = [*sorted(each), *(one.descriptor for one in (admin, pid_file) if one is not None)]
    return (
        [os.fsencode(one) for one in (sys.executable, *sys.orig_argv[1:])],
        [os.fsencode(f"{name}={text}") for name, text in kept.items()],
        inherited,
        None if pid_file is None else pid_file.descriptor,
    )


def _notify_watchdog_ms() -> int:
    """How often the service manager wants to hear of us, as sd_watchdog_enabled(3) has it; 0: it does not."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) // 1000 if microseconds.isascii() and microseconds.isdigit() else 0


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


class Worker:
    """What the supervisor gave this process."""

    def __init__(self, told: dict[str, str]) -> None:
        kept = told.get("LISTENERS_KEPT", "").split(",")
        self.listeners = {int(number): number in kept for number in told["LISTENERS"].split(",")}
        segment, bank = map(int, told["STATS"].split(","))
        self.stats = segment, bank
        self.engine = told.get("ENGINE")
        self.place = {name: int(told[name.upper()]) for name in ("id", "count", "restarts", "generation")}
        self.bus: BusEnds | None = None
        if "BUS" in told:
            from pelton.websocket.bus import BusEnds

            self.bus = BusEnds.told(int(told["ID"]), told["BUS"], segment)
        self.has_reported = False  # how the start has gone
        self._supervisor = int(told["SUPERVISOR"])
        self._report = int(told["REPORT"])
        # Processes that the app starts must not keep them open after this one.
        for descriptor in (*self.listeners, segment, self._report):
            os.set_inheritable(descriptor, False)

    def begin(self, workers: int) -> None:
        """Before anything of the app runs; `workers` is how many there are."""
        from pelton import _native
        from pelton.serving.worker import WorkerInfo, set_this_worker

        set_this_worker(WorkerInfo(pid=os.getpid(), **self.place))
        if not _native.join_supervisor(self._supervisor):
            raise SystemExit(1)
        _native.grow_heap_by_whole_arenas()
        _report_crashes()

        def stop(*arguments: Any, **keywords: Any) -> Any:
            from pelton.cli.breakpoints import stop_at

            return stop_at(sys._getframe(1), self._supervisor, workers, (arguments, keywords))

        sys.breakpointhook = stop

    def is_ready(self) -> None:
        self._tell("ready")

    def cannot_start(self, error: PeltonError) -> None:
        """The supervisor prints it once for all workers, the application's traceback above it."""
        trace = f"{error.trace.rstrip()}\n" if isinstance(error, StartupError) and error.trace else ""
        self._tell(f"{trace}cannot start: {' '.join(str(error).split())}")

    def _tell(self, text: str) -> None:
        report = text.encode(errors="backslashreplace")
        if len(report) > _REPORT_BYTES_MAX:
            # The first lines of a traceback are the application's, the last say what is wrong.
            half = (_REPORT_BYTES_MAX - len(_LEFT_OUT)) // 2
            report = report[:half].rpartition(b"\n")[0] + _LEFT_OUT + report[-half:].partition(b"\n")[2]
        self.has_reported = True
        os.write(self._report, report[:_REPORT_BYTES_MAX])
        os.close(self._report)


def _taken_from_environment() -> tuple[Worker | None, Predecessor | None]:
    """What a supervisor gave this process, as its worker or as its successor; taken out, so that children of the app do not see it."""
    worker, upgrade = _told(_TO_WORKER), _told(_UPGRADE)
    if "LISTENERS" in worker:
        return Worker(worker), None
    if "PREDECESSOR" not in upgrade:
        return None, None
    from pelton.serving.predecessor import Predecessor

    return None, Predecessor(upgrade)


def _told(prefix: str) -> dict[str, str]:
    names = [name for name in os.environ if name.startswith(prefix) and name != _LIFETIME]
    return {name.removeprefix(prefix): os.environ.pop(name) for name in names}


def _report_crashes() -> None:
    """Has native stacks written to stderr at a crash, and Python's after them."""
    import faulthandler

    from pelton import _native

    if sys.stderr is not None:
        if not faulthandler.is_enabled():
            faulthandler.enable()
        faulthandler.register(_native.stacks_signal)
    _native.report_crashes()


def _load_runtime() -> None:
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


def _work(program: Program, flags: dict[str, str], worker: Worker, workers: int) -> int:
    from pelton.routing.app_parts import parts_of

    worker.begin(workers)
    _load_runtime()
    for name in ("user", "group", "pid-file"):
        flags.pop(name, None)  # of the supervisor, which has taken that user and group
    try:
        return _serve(_loaded(program), program, flags, worker)
    except StartupError as error:
        if not program.is_watched or worker.has_reported:
            raise
        from pelton.cli.broken import stand_in
        from pelton.serving.terminal import complain, show_trace

        show_trace(error)
        complain(f"cannot start: {error}; every request is answered with this until a file changes")
        return _serve(parts_of(stand_in(error)), program, flags, worker)


def _loaded(program: Program) -> AppParts:
    from pelton.cli.loading import load_program
    from pelton.routing.app_parts import parts_of

    try:
        return parts_of(load_program(program, program.served))
    except (ConfigError, RegistrationError) as error:
        if not program.is_watched:
            raise
        raise StartupError(str(error)) from None


def _serve(parts: AppParts, program: Program, flags: dict[str, str], worker: Worker) -> int:
    from pelton.serving.listeners import cpus_of_workers, inherited
    from pelton.serving.server import serve

    settings = configured(parts.server_config, flags, program.file)
    if settings["cpu_affinity"]:
        cpus = cpus_of_workers()
        os.sched_setaffinity(0, {cpus[worker.place["id"] % len(cpus)]})
    if worker.engine is not None:
        if settings["engine"] == "uring":
            raise StartupError("the engine uring cannot start: the worker before was killed as it tried it")
        settings["engine"] = worker.engine
    listeners: list[Listener] = [inherited(descriptor, is_kept) for descriptor, is_kept in worker.listeners.items()]

    def when_ready(serving: Serving) -> None:
        worker.is_ready()
        serving.announce()

    try:
        return serve(parts, settings, listeners, when_ready, worker.stats, worker.bus)
    except RegistrationError as error:
        raise StartupError(str(error)) from None
