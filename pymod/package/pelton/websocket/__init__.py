"""WebSockets: connections, their routes, topics and brokers."""
