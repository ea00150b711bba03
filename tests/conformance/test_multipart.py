"""VER-012: PyPI's multipart and python-multipart read what pelton accepts alike, at any cut.

PELTON_MULTIPART_BODIES says how many bodies are generated (2000 unless told), PELTON_SEED which.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import multipart_oracle  # noqa: E402

BODIES = int(os.environ.get("PELTON_MULTIPART_BODIES", "2000"))


def test_generated_bodies_are_read_alike() -> None:
    seed = int(os.environ.get("PELTON_SEED", int.from_bytes(os.urandom(4), "big")))
    outcomes, differences = multipart_oracle.run(BODIES, seed)
    assert not differences, "\n".join(differences[:5])
    # Both verdicts are met often enough to say something.
    assert outcomes["accepted"] > BODIES // 3 and outcomes["multipart_syntax"] > BODIES // 20, (seed, outcomes)


def test_a_difference_would_be_seen() -> None:
    read = multipart_oracle.by_multipart
    multipart_oracle.by_multipart = lambda boundary, body: [("?", None, b""), *read(boundary, body)]
    try:
        assert multipart_oracle.run(50, 1)[1]
    finally:
        multipart_oracle.by_multipart = read
