"""`python -m server.readers CONTROL MEMORY` is the process that readers are forked from.

See `server.readers.zygote`. CONTROL: the number of the socket that was passed on. MEMORY: bytes that a task
may take.
"""

import socket
import sys

from server.readers.zygote import run

if __name__ == "__main__":
    run(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
