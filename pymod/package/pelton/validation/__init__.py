"""Annotations, constraints and models: what a value must be, and how a result becomes JSON."""
