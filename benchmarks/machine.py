"""The machine and the build behind a result: what a reader needs to judge or repeat it."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"


def cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _text("/proc/cpuinfo"), re.MULTILINE)
    return found[1] if found else platform.machine()


def slug() -> str:
    words = re.sub(r"\(\w+\)|\bCPU\b|\bProcessor\b|@", " ", cpu_model())
    return re.sub(r"[^a-z0-9.]+", "-", f"{words} {os.cpu_count()} cores".lower()).strip("-")


def description(build: Path) -> dict[str, Any]:
    vulnerabilities = Path("/sys/devices/system/cpu/vulnerabilities")
    options = json.loads(_output("meson", "introspect", "--buildoptions", str(build)) or "[]")
    wanted = ("buildtype", "b_ndebug", "b_lto", "b_sanitize", "cpp_args", "optimization")
    return {
        "commit": _output("git", "rev-parse", "HEAD"),
        "uncommitted_changes": bool(_output("git", "status", "--porcelain", "--untracked-files=no")),
        "kernel": platform.release(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "governor": _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "mitigations": {p.name: _text(str(p)) for p in sorted(vulnerabilities.glob("*"))},
        "load_average_before": os.getloadavg()[0],
        "compiler": _output("c++", "--version").split("\n")[0],
        "build_options": {o["name"]: o["value"] for o in options if o["name"] in wanted},
        "python": sys.version,
        "python_flags": sysconfig.get_config_var("CONFIG_ARGS"),
        "wrk": _output("wrk", "--version").split("\n")[0],
    }
