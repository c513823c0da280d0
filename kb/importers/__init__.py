"""Importers: official or documented files in, quads and a report of bad rows out. One file a format."""
