"""Reverse proxies as people run them, in front of a server of ours, each with keep-alive upstream."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from services import unsanitized

START_S = 10

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 8m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream ours {{ server 127.0.0.1:{behind}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    keepalive_requests 1000000;
    location / {{
      proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_next_upstream off; proxy_request_buffering {buffering};
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 256
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  default_backend ours
backend ours
  server one 127.0.0.1:{behind}
"""

APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error
Mutex file:{folder}
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
User www-data
Group www-data
StartServers 2
ServerLimit 4
ThreadsPerChild 25
MaxRequestWorkers 100
KeepAlive On
MaxKeepAliveRequests 0
ProxyPreserveHost On
AllowEncodedSlashes NoDecode
ProxyPass / http://127.0.0.1:{behind}/ enablereuse=on max=4
"""

APACHE_MODULES = "/usr/lib/apache2/modules"


class Proxy:
    """One proxy on a free port; ended with its block."""

    def __init__(self, kind: str, behind: int, folder: Path) -> None:
        program = "nginx" if kind.startswith("nginx") else kind
        found = shutil.which(program)
        assert found is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        template = {"nginx": NGINX, "haproxy": HAPROXY, "apache2": APACHE}[program]
        configuration = folder / "configuration"
        configuration.write_text(
            template.format(
                folder=folder,
                port=self.port,
                behind=behind,
                buffering="off" if kind == "nginx unbuffered" else "on",
                modules=APACHE_MODULES,
            )
        )
        options = {
            "nginx": ["-p", str(folder), "-c", str(configuration)],
            "haproxy": ["-db", "-f", str(configuration)],
            "apache2": ["-DFOREGROUND", "-f", str(configuration)],
        }[program]
        self._said = (folder / "said").open("wb")
        self._process = subprocess.Popen(
            [found, *options], stdout=self._said, stderr=self._said, env=unsanitized()
        )
        self._folder = folder

    def __enter__(self) -> Proxy:
        for _ in range(START_S * 20):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                break
        self.__exit__()
        raise RuntimeError((self._folder / "said").read_text())

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()


def is_installed(kind: str) -> bool:
    program = kind.partition(" ")[0]
    return shutil.which(program) is not None and (program != "apache2" or Path(APACHE_MODULES).is_dir())
