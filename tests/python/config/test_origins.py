"""Where the value of each setting comes from."""

from __future__ import annotations

from pathlib import Path

from pelton import LimitsConfig, ServerConfig
from pelton.config.setting_files import read_file
from pelton.config.origins import OF_SUPERVISOR, coded_in_vain, origins
from pelton.config.settings import SETTINGS, variables_in


def test_the_strongest_place_counts(tmp_path: Path) -> None:
    (tmp_path / "pelton.toml").write_text("backlog = 1\nlimit_parts = 500\nlimit_ranges = 1\n")
    file = read_file(str(tmp_path / "pelton.toml"))
    base = ServerConfig(port=3, blocking_threads=4, limits=LimitsConfig(max_cookies=5, max_parts=600))
    found = origins(base, {"limit_ranges": "--limit-ranges"}, file, {"PELTON_LIMIT_RANGES": "2", "PELTON_DEBUG": "1"})
    given = {key: source for key, source in found.items() if source != "default"}
    assert given == {
        "backlog": f"{tmp_path}/pelton.toml:1",
        "limit_parts": f"{tmp_path}/pelton.toml:2",
        "limit_ranges": "--limit-ranges",
        "debug": "PELTON_DEBUG",
        "blocking_threads": "App(server=)",
        "limit_cookies": "App(server=)",
    }
    assert found.keys() == SETTINGS.keys() and set(origins(None, {}, None, {}).values()) == {"default"}


def test_settings_in_code_that_a_supervisor_does_not_hear_of() -> None:
    assert OF_SUPERVISOR <= SETTINGS.keys()
    assert coded_in_vain(None) == coded_in_vain(ServerConfig(blocking_threads=4)) == []
    assert coded_in_vain(ServerConfig(port=3, uds="x")) == ["port", "uds"]


def test_variables_by_keyword() -> None:
    env = {"PORT": "1", "PELTON_DEBUG": "1", "OTHER": "1"}
    assert variables_in("PELTON_", env) == {"port": "PORT", "debug": "PELTON_DEBUG"}
    assert variables_in("PELTON_", env | {"PELTON_PORT": "2"})["port"] == "PELTON_PORT"
