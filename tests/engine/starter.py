"""Starts an embedded server in the directory given, says so, and holds it until its input ends.

The second argument may be `in-a-thread`, or `hang` to stay forever in the midst of creating the cluster.
"""

import sys
import threading
from pathlib import Path

from api.engine import EmbeddedServer, cluster


def main(directory: str, manner: str = "") -> None:
    server = EmbeddedServer(Path(directory), durable=False)
    if manner == "hang":
        cluster._FIRST_STATEMENTS += "SELECT pg_sleep(3600)\n"
    if manner == "in-a-thread":
        thread = threading.Thread(target=server.start)
        thread.start()
        thread.join()
    else:
        server.start()
    print("started", server.pid, flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
