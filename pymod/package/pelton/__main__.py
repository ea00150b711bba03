"""`python -m pelton` is the command `pelton`."""

from pelton.cli import main

raise SystemExit(main())
