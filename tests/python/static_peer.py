"""nginx serving a directory, to compare answers with."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType

from proxies import START_S
from services import free_port, unsanitized
from wire import Peer

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 64; }}
http {{
  access_log off; etag on; if_modified_since before; default_type application/octet-stream;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000; location /static/ {{ alias {root}/; }} }}
}}
"""


class StaticNginx:
    """One nginx on a free port; ended with its block."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir()
        configuration = folder / "configuration"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=self.port, root=root))
        self._said = (folder / "said").open("wb")
        self._process = subprocess.Popen(
            ["nginx", "-p", str(folder), "-c", str(configuration)],
            stdout=self._said, stderr=self._said, env=unsanitized(),
        )
        self._folder = folder

    def __enter__(self) -> StaticNginx:
        for _ in range(START_S * 20):
            try:
                Peer(self.port).socket.close()
                return self
            except ConnectionRefusedError:
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                break
        self.__exit__(None, None, None)
        raise RuntimeError((self._folder / "said").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(START_S)
        self._said.close()
