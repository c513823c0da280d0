"""`python -m server` is the `regiolink` command."""

from server.cli import main

main()
