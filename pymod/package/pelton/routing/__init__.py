"""Routes, blueprints, mounts, guards, middleware layers, lifespan, and how a result becomes a response."""
