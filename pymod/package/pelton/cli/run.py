"""`pelton run`: the supervisor, and the workers that it starts with the same command line."""

from __future__ import annotations

import os
import sys

from pelton.cli.process import drop_privileges, load_runtime, loaded, reconfigured, report_crashes
from pelton.cli.program import Program
from pelton.cli.usage import NOT_STARTED, UsageError, parsed
from pelton.config.command_keys import COMMAND_KEYS, SWITCHES
from pelton.config.settings import SETTINGS, native_values
from pelton.errors import ConfigError, PeltonError, RegistrationError, StartupError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pelton.config.settings import Values
    from pelton.routing.app_parts import AppParts
    from pelton.serving.listeners import Listener
    from pelton.serving.pid_file import PidFile
    from pelton.serving.predecessor import Predecessor
    from pelton.serving.server import Serving
    from pelton.websocket.bus import BusEnds

# Beside those of settings.
RUN_FLAGS = ("config", *(name.replace("_", "-") for name in COMMAND_KEYS if name != "entrypoint"))
# What pelton dev puts in front of its arguments.
DEV_FLAGS = ("--reload", "--debug", "--access-log", "--access-log-format", "{method} {target} {status} {duration_ms} ms{reason_suffix}")
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
_KEYWORDS = "PELTON_RUN_KEYWORDS"  # what pelton.run() was called with, as Python writes it, for the workers
_REPORT_BYTES_MAX = 4096  # of a pipe's atomic write
_LEFT_OUT = b"\n  ...\n"


def dev(arguments: list[str]) -> int:
    """`pelton run` for an application that is being written: reloaded at each change, with its errors shown."""
    if "--tls" not in arguments:
        return run([*DEV_FLAGS, *arguments])
    from pelton.cli.own_certificate import with_own_certificate

    others = [one for one in arguments if one != "--tls"]
    return with_own_certificate(lambda flags: run([*DEV_FLAGS, *flags, *others]))


def run(arguments: list[str], keywords: Mapping[str, Any] | None = None) -> int:
    """The supervisor, or one of its workers, by what the environment says; the exit code.

    Args:
        arguments: The command line.
        keywords: Those of `pelton.run()`, None for the command. A worker finds its supervisor's in the environment.
    """
    from pelton.serving.terminal import complain, show_trace

    target, flags = parsed_run(arguments)
    worker, before = _taken_from_environment()
    environment = dict(os.environ)
    try:
        if worker is not None:
            program = Program(target, flags, worker.keywords, environment)
            return _work(program, flags, worker)
        program = Program(target, flags, keywords or {}, environment)
        if program.is_single:
            from pelton.cli.single import serve_alone

            return serve_alone(program, flags)
        return _supervise(arguments, program, flags, keywords or {}, environment, before)
    except (ConfigError, StartupError) as error:
        if worker is None:
            show_trace(error)
            complain(f"cannot start: {error}")
        else:
            worker.cannot_start(error)
        return NOT_STARTED


def setting_flag(keyword: str) -> str:
    """The flag of a setting, without its dashes."""
    return "header" if keyword == "headers" else keyword.replace("_", "-")


def parsed_run(arguments: list[str], more: Mapping[str, str] = {}) -> tuple[str | None, dict[str, str]]:
    """APP, and the flags of `pelton run` by name; `more` are further names of some."""
    switches = {name.replace("_", "-") for name in SWITCHES} | {setting_flag(keyword) for keyword, one in SETTINGS.items() if one.unit in ("switch", "access log", "colours")}
    values = {*RUN_FLAGS, *map(setting_flag, SETTINGS)}
    loops = [argument.partition("=")[0] for argument in arguments]
    targets, flags = parsed(arguments, values, switches, {**ALIASES, **more}, lambda flag: _unknown(flag, values))
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


def _supervise(
    arguments: list[str],
    program: Program,
    flags: dict[str, str],
    keywords: Mapping[str, Any],
    environment: dict[str, str],
    before: Predecessor | None,
) -> int:
    from pelton import _native
    from pelton.serving.listeners import admin_listener, bind, close_all
    from pelton.serving.terminal import voice

    workers = program.workers
    watcher = program.watcher() if program.is_watched else None
    # Of processes it knows, not of the app, whose own settings are its workers'.
    user, group, path = map(program.options.text, ("user", "group", "pid_file"))
    settings = program.settings(None, flags)
    voice.set_up(settings)
    name = program.process_name
    _native.set_process_title(os.fsencode(f"{name}: supervisor {program.target or ''}".rstrip()), os.fsencode(name))
    if keywords:
        os.environ[_KEYWORDS] = repr(keywords)
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
        if settings["log_config"] is not None:
            from pelton.serving.loggers import ERROR, LogTaker, configure_logging, takes_over

            configure_logging(settings)
            voice.taker = LogTaker(ERROR, is_whole=True) if takes_over(ERROR, settings) else None
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
            log_level=settings["log_level"],
            log_to=None if voice.taker is None else voice.taker.descriptor,
        )
        return code
    finally:
        if watcher is not None:
            watcher.end()
        if voice.taker is not None:
            taker, voice.taker = voice.taker, None
            taker.end()
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
        self.keywords: dict[str, Any] = literal(os.environ.pop(_KEYWORDS, "{}"))
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
        report_crashes()

        def stop(*arguments: Any, **keywords: Any) -> Any:
            from pelton.cli.breakpoints import stop_at

            return stop_at(sys._getframe(1), self._supervisor, workers, (arguments, keywords))

        sys.breakpointhook = stop

    def show(self, state: str, program: Program) -> None:
        """In the title of the process; an empty state is that of a worker that serves."""
        from pelton import _native

        generation = f"generation {self.place['generation']}"
        told = f"{generation}, {state}" if state else generation
        title = f"{program.process_name}: worker {self.place['id']} ({told}) {program.target or ''}"
        _native.set_process_title(os.fsencode(title.rstrip()), os.fsencode(program.process_name))

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


def literal(text: str) -> Any:
    """The value that Python writes so."""
    from ast import literal_eval

    return literal_eval(text)



def _work(program: Program, flags: dict[str, str], worker: Worker) -> int:
    from pelton.routing.app_parts import parts_of
    from pelton.serving.loggers import configure_logging
    from pelton.serving.terminal import voice

    worker.show("starting", program)
    worker.begin(program.workers)
    load_runtime()
    before = program.settings(None, flags)
    voice.set_up(before)
    configure_logging(before)  # so that what the application configures itself comes after
    try:
        return _serve(loaded(program), program, flags, worker, before)
    except StartupError as error:
        if not program.is_watched or worker.has_reported:
            raise
        from pelton.cli.broken import stand_in
        from pelton.serving.terminal import complain, show_trace

        show_trace(error)
        complain(f"cannot start: {error}; every request is answered with this until a file changes")
        return _serve(parts_of(stand_in(error)), program, flags, worker, before)



def _serve(parts: AppParts, program: Program, flags: dict[str, str], worker: Worker, before: Values) -> int:
    from pelton.serving.listeners import cpus_of_workers, inherited
    from pelton.serving.server import serve

    settings = reconfigured(program.settings(parts.server_config, flags), before)
    if settings["cpu_affinity"]:
        cpus = cpus_of_workers()
        os.sched_setaffinity(0, {cpus[worker.place["id"] % len(cpus)]})
    if worker.engine is not None:
        if settings["engine"] == "uring":
            raise StartupError("the engine uring cannot start: the worker before was killed as it tried it")
        settings["engine"] = worker.engine
    # The supervisor has bound the addresses that it was told, not those of the app's own settings.
    if settings["ssl_certfile"]:
        settings["bind"] = before["bind"]
    listeners: list[Listener] = [inherited(descriptor, is_kept) for descriptor, is_kept in worker.listeners.items()]

    def when_ready(serving: Serving) -> None:
        worker.is_ready()
        worker.show("", program)
        serving.when_stopping = lambda: worker.show("stopping", program)
        serving.announce()  # last: whoever reads the line finds the title set and the supervisor told

    try:
        return serve(parts, settings, listeners, when_ready, worker.stats, worker.bus)
    except RegistrationError as error:
        raise StartupError(str(error)) from None
