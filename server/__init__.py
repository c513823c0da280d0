"""Regiolink over HTTP and on the command line; the only place that knows either."""
