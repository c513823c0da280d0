"""Engines: where the quads live. One contract, one file an engine."""
