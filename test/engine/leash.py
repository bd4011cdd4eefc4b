"""Runs a command, and ends it with all that it has started once standard input ends: a pipe of whoever started this, which
ends with its owner, however that was ended. SIGINT and SIGTERM are passed on.

    python leash.py COMMAND…
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

import psutil

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)


def end_all():
    while os.read(0, 1):
        pass
    found = []
    # What is suspended starts nothing more.
    while new := [one for one in psutil.Process().children(recursive=True) if one not in found]:
        found += new
        for one in new:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.suspend()
    # The command itself last: this program ends with it.
    for one in reversed(found):
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


for passed in (signal.SIGINT, signal.SIGTERM):
    signal.signal(passed, lambda number, _: child.send_signal(number))
threading.Thread(target=end_all, daemon=True).start()
code = child.wait()
# The thread still reads.
os._exit(code if code >= 0 else 128 - code)
