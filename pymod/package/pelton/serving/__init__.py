"""One worker: its listening sockets, its server, its blocking pools and its stop."""
