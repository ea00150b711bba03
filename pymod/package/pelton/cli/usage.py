"""The text of `pelton --help`, and the error of a command line that does not follow it."""

from __future__ import annotations

from pelton.errors import PeltonError

USAGE = """\
usage: pelton run APP [--host HOST] [--port PORT] [--uds PATH] [--workers N] [--engine ENGINE] [--app-dir DIR]
                      [--access-log[=FILE]] [--access-log-format FORMAT] [--log-queue SIZE]
                      [--user USER] [--group GROUP]
       pelton openapi APP [-o FILE] [--app-dir DIR]
       pelton doctor
       pelton --version

  APP is pkg.mod:attr, path/app.py or path/app.py:attr

  --host     the address to listen on (127.0.0.1)
  --port     the port, 0 for any free one (8000)
  --uds      a Unix socket instead of host and port
  --workers  worker processes, or auto for one per usable CPU (1); PELTON_WORKERS, WEB_CONCURRENCY
  --engine   auto, uring or epoll (auto)
  --app-dir  where pkg.mod is looked for (the current directory)
  --access-log         a line for each request, on standard output or in FILE; --no-access-log (off)
  --access-log-format  combined, json, or a text with atoms: {client} "{method} {path}" {status} (combined)
  --log-queue          what may wait to be written before lines are dropped (1MiB)
  --user, --group      who serves, once the address is bound; names or numbers
"""

NOT_STARTED = 3  # the exit code


class UsageError(PeltonError):
    """The command line is wrong: exit code 2."""
