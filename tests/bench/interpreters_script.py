"""The peer of `isoaudit probe`: what anyone would write first with concurrent.interpreters (CPython 3.14)."""

import sys
import threading
from concurrent import interpreters

root, module, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
code = f"import sys; sys.path.insert(0, {root!r}); import {module}"


def run():
    interpreter = interpreters.create()
    interpreter.exec(code)
    interpreter.close()


threads = [threading.Thread(target=run) for _ in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
