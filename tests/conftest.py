"""What all Python tests share."""

import suites  # noqa: F401  takes PELTON_SUITES away before the first server is started
