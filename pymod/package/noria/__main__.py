"""`python -m noria` is the command `noria`; workers are started through it."""

from noria.cli import main

raise SystemExit(main())
