"""Regiolink: the knowledge base. It knows RDF, never HTTP."""

__version__ = "0.1.0"
