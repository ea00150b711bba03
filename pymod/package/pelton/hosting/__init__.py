"""Applications of other interfaces than pelton's own: which one an object has, how it is served, and the reverse."""
