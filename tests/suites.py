"""Where third-party test data lies: PELTON_SUITES, or beside the project.

Read once and taken away: it is no setting of a server, and a setting that no server knows is an error to
those which the tests start.
"""

import os
from pathlib import Path

SUITES = Path(os.environ.pop("PELTON_SUITES", Path(__file__).parents[2] / "shared" / "suites"))
