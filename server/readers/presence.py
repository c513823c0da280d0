"""Whether a client that sends no more is still there to read."""

from __future__ import annotations

import fcntl
import os
import termios
from contextlib import suppress
from typing import Final

_INTERIM: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


def find_out(connection: int) -> None:
    """Has a client that has gone break its connection, which `poll` then tells; to others nothing happens.

    A client that has closed its connection and one that has closed only the side on which it sends look the
    same, until they are sent something: the system of the one that has gone refuses it. What is sent is an
    interim answer, which each client of HTTP/1.1 passes over; so this is for these, before the answer begins.
    connection: its descriptor. Source: RFC 9110, section 15.2.1; RFC 9293, section 3.6.1.
    """
    with suppress(OSError):
        # What was sent before and is still on its way is refused just as well.
        if not any(fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4))):
            os.write(connection, _INTERIM)
