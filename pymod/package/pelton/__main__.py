"""`python -m pelton` is the command `pelton`."""

from pelton.cli.command import main

raise SystemExit(main())
