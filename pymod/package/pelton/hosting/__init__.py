"""Applications of other interfaces than pelton's own: which one an object has, and how it is served."""
