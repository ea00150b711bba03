"""nginx with one worker and constant answers: no handler, so it has no part in `post`."""

import os
import sys
from pathlib import Path

CONTENDERS = {
    "nginx (constant)": {
        "command": ["{harness_python}", "{here}/nginx_constant.py", "{port}", "{answer}", "{scratch}"],
        "questions": ["json", "pipelined", "param", "new_connection"],
        "program": "nginx",
    },
}

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error crit;
events {{ worker_connections 20000; }}
http {{
  access_log off;
  server_tokens off;
  default_type application/json;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""

if __name__ == "__main__":
    port, answer, folder = sys.argv[1:]
    configuration = Path(folder) / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(port=port, answer=answer, folder=folder))
    os.execvp("nginx", ["nginx", "-p", folder, "-c", str(configuration)])
