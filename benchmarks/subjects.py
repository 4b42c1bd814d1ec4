"""What is measured: tollhouse with everything on, and nginx as a plain reverse proxy."""

import shutil
import socket
import sys
import tempfile
from pathlib import Path

from .processes import GATEWAY_CORE, Started, await_http

KEY = "th-bench-secret-0123456789"

CONFIG = """\
organisation: {{name: Bench, budget: {{limit_usd: "100000", period: month}}}}
server: {{listen: "127.0.0.1:{port}", admin_token: bench-admin-token-0123456789}}
storage: {{path: {folder}/data}}
providers:
  bench: {{dialect: openai, base_url: "http://127.0.0.1:{upstream}/v1", api_key: sk-bench-0123456789abcdef}}
models:
  fast:
    deployments: [{{provider: bench, model: fast}}]
    price: {{input_per_million: "0.25", output_per_million: "2.00"}}
  "paced-*":
    deployments: [{{provider: bench, model: "*"}}]
    price: {{input_per_million: "0.25", output_per_million: "2.00"}}
teams: {{bench: {{budget: {{limit_usd: "50000", period: month}}}}}}
use_cases:
  bench:
    team: bench
    owner: bench@example.com
    models: [fast, "paced-*"]
    privacy: {{mode: off}}
    budget: {{limit_usd: "50000", period: month}}
    rate: {{requests_per_minute: 10000000, tokens_per_minute: 10000000000, concurrency: 10000}}
keys:
  - {{name: bench, team: bench, use_cases: [bench], secret: "{key}", budget: {{limit_usd: "50000", period: month}}}}
"""

NGINX = """\
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log /dev/null crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_authorization $known {{ default 0; "Bearer {key}" 1; }}
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 1024; }}
  server {{
    listen 127.0.0.1:{port} backlog=2048; keepalive_requests 100000000; client_body_buffer_size 64k;
    location /readyz {{ return 200 "ok"; }}
    location / {{
      if ($known = 0) {{ return 401; }}
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Subject:
    """A gateway in front of the upstream, with a folder of its own."""

    def __init__(self, name: str, text: str, upstream: int) -> None:
        self.name = name
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="tollhouse-bench-"))
        self._file = self._folder / "config"
        self._file.write_text(text.format(port=self.port, folder=self._folder, upstream=upstream, key=KEY))
        self.process = Started(self._command(), core=GATEWAY_CORE)
        self.ready_s = await_http(f"http://127.0.0.1:{self.port}/readyz")

    def _command(self) -> list[str]:
        if self.name == "nginx":
            return ["nginx", "-c", str(self._file), "-e", "/dev/null"]
        return [str(Path(sys.executable).with_name("tollhouse")), "serve", "--config", str(self._file)]

    def stop(self) -> None:
        self.process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def subjects(upstream: int) -> list[Subject]:
    """Start tollhouse, and nginx where the machine has it."""
    found = [Subject("tollhouse", CONFIG, upstream)]
    if shutil.which("nginx"):
        found.append(Subject("nginx", NGINX, upstream))
    return found
