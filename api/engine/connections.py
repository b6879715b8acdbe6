"""Connections of clients, where the server gives no other hold on them."""

import os
import resource
import socket
import stat


def hang_up(peer: tuple[str, int]) -> bool:
    """Break off this process's TCP connection with a client's address and port; False if there is none.

    A server that gives an answer up still waits for the client to take what has been sent so far. One that takes
    nothing would hold its connection, and a server that is stopping, for as long as it likes.
    """
    for name in os.listdir("/dev/fd"):
        try:
            descriptor = int(name)
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as connection:
                if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.getpeername()[:2] == peer:
                    connection.shutdown(socket.SHUT_RDWR)
                    return True
        except OSError:
            continue  # closed meanwhile, or not connected
    return False


def allow_connections(wanted: int) -> int:
    """Let this process and those it starts have so many open files, if the system does; gives how many they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    except (OSError, ValueError):
        return soft
    return max(soft, most)
