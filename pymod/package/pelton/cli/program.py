"""What a command line names: the application, how it is served, and where its settings are."""

from __future__ import annotations

import os

from pelton.cli.options import CommandOptions
from pelton.cli.usage import UsageError
from pelton.config.settings import effective_settings, file_near, with_changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pelton.app import App
    from pelton.cli.watching import Watcher
    from pelton.config.server_config import ServerConfig
    from pelton.config.setting_files import ConfigFile
    from pelton.config.settings import Values

WORKERS_MAX = 1024
_OF_RELOAD = ("reload_delay", "reload_dir", "reload_exclude", "reload_include")


class Program:
    """What a command line names: the application, where it is looked for, how it is served, and the file with its settings.

    Args:
        target: APP; None where the command line has none.
        flags: Those of the command line, of which those of settings are left.
        keywords: Those of `run()`.
        environment: Variables, None for those that the process has now: the application's own file may add to them later.
    """

    def __init__(
        self,
        target: str | None,
        flags: dict[str, str],
        keywords: Mapping[str, Any] = {},
        environment: Mapping[str, str] | None = None,
    ) -> None:
        named = flags.pop("config", None)
        environment = dict(os.environ) if environment is None else environment
        self.options = options = CommandOptions(flags, environment, keywords)
        self._keywords = {name: value for name, value in keywords.items() if not options.takes(name)}
        self.environment = environment
        given = options.text("app_dir")
        self.app_dir = os.path.abspath(given or ".")
        self.is_named = target is not None  # on the command line
        self.file: ConfigFile | None = None
        path = os.path.abspath(named) if named else file_near(self._begin(target))
        if path is not None:
            from pelton.config.setting_files import read_file

            self.file = options.file = read_file(path, bool(named))
        if self.file is not None:
            entrypoint = self.file.command.get("entrypoint")
            if target is None:
                target = entrypoint
                if target is not None and given is None:
                    self.app_dir = self.file.folder
            if given is None and "app_dir" in self.file.command:
                self.app_dir = os.path.join(self.file.folder, self.file.command["app_dir"])
            options.is_entrypoint = target == entrypoint
        self.target = target
        self.is_factory = options.is_on("factory")
        self.is_wsgi_inline = options.is_on("wsgi_inline")
        self.interface = options.choice("interface")
        self.lifespan = options.choice("lifespan")
        self.hosted = ""  # ASGI or WSGI, if what served() has seen is no App
        self.is_watched = options.is_on("reload")  # one worker, reloaded when a file changes
        self.is_single = options.is_on("single")  # no supervisor
        if self.is_single:
            for other in ("workers", "reload"):
                if (said := options.said(other)) is not None and (other == "reload" or said[0] != "1") and said[1].startswith("--"):
                    raise UsageError(f"{said[1]} takes a supervisor; leave --single out")
        if not self.is_watched:
            for name in _OF_RELOAD:
                if (said := options.said(name)) is not None and said[1].startswith("--"):
                    raise UsageError(f"{said[1]} is of --reload, which is not given")

    @property
    def workers(self) -> int:
        """How many worker processes there are to be."""
        count = self.options.count("workers", WORKERS_MAX, usable_cpus)
        return 1 if self.is_watched or self.is_single else count

    @property
    def process_name(self) -> str:
        """How the titles of the processes begin."""
        return self.options.text("process_name") or "pelton"

    @property
    def env_file(self) -> str | None:
        """The file with the application's own variables."""
        return self.options.text("env_file")

    def settings(self, base: ServerConfig | None, flags: dict[str, str]) -> Values:
        """Flags over the environment over keywords over the file over what the app was given."""
        given = {("headers" if name == "header" else name.replace("-", "_")): value for name, value in flags.items()}
        return with_changes(effective_settings(base, self._keywords, self.file, self.environment), given, "command line")

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

        texts = self.options.texts
        files = [] if self.file is None else [self.file.path]
        if self.env_file is not None:
            files.append(self.env_file)
        delay_s = self.options.seconds("reload_delay", DELAY_S)
        folders = list(texts("reload_dir", (".",)))
        return Watcher(Watch(folders, texts("reload_include", INCLUDE), texts("reload_exclude", EXCLUDE), tuple(files), delay_s))

    def _begin(self, target: str | None) -> str:
        """Where the search for a configuration file begins."""
        path = (target or "").rpartition(":")[0] or target or ""
        is_file = path.endswith(".py") or "/" in path
        return os.path.dirname(os.path.join(self.app_dir, path)) if is_file else self.app_dir


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
