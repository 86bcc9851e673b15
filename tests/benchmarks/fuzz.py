"""`python -m tests.benchmarks.fuzz SECONDS [NAME…]`: has atheris look for bytes that a parser can't take.

It needs `pip install atheris` (Python 3.11 to 3.13). Each of `tests.parsers` is tried for so many seconds, in a process
of its own, as atheris never returns. What it finds stands in a file `crash-…` in the working directory.
"""

import os
import sys
import time

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(include=["chatroom"]):
    from tests.parsers import PARSERS

LONGEST = 2048  # bytes of an input


def main() -> None:
    seconds, names = int(sys.argv[1]), sys.argv[2:]
    found = 0
    for parser in PARSERS:
        if names and parser.__name__ not in names:
            continue
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-verbosity=0"], parser)
            atheris.Fuzz()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found += code != 0
        print(
            f"{parser.__name__}: {'found something' if code else 'nothing'}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
