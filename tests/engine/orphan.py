"""A process with a child that must not outlive it; says both numbers and waits for ever."""

import multiprocessing
import os
import sys
import time

from api.engine.processes import die_with_parent


def live(by_polling: bool) -> None:
    die_with_parent(by_polling=by_polling)
    print("child", os.getpid(), flush=True)
    time.sleep(3600)


if __name__ == "__main__":
    child = multiprocessing.get_context(sys.argv[2]).Process(target=live, args=(sys.argv[1] == "by-polling",))
    child.start()
    child.join()
