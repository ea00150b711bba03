"""The keyword arguments of run() as a type: every setting, and nothing else."""

from __future__ import annotations

import pytest

from pelton.config.run_keywords import Settings


@pytest.mark.parametrize("name", sorted(Settings.__annotations__))
def test_every_setting_is_known_to_run(name: str) -> None:
    from pelton.config.settings import SETTINGS

    assert name in SETTINGS
