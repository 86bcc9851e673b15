"""`python -m tests.benchmarks.abuse NAME… [--short]`: attacks a server, and tells what it measured."""

import argparse
import gc
import signal
import sys
import time

from tests.benchmarks.abuse.attack import Check
from tests.benchmarks.abuse.attacks import ATTACKS
from tests.benchmarks.load import RoundError, raise_limits


def main() -> None:
    options = _options()
    raise_limits()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that no server is left behind
    gc.disable()  # as the load generator wants it; between attacks it is done by hand
    passed = True
    for attack in ATTACKS:
        if options.names and attack.name not in options.names:
            continue
        began = time.monotonic()
        print(f"\n{attack.name}: {attack.about}", flush=True)
        try:
            checks = attack.run(options.short)
        except (RoundError, AssertionError) as failure:
            checks = [Check("carried out", str(failure), "to its end", False)]
        for check in checks:
            _show(check)
        print(f"  took {time.monotonic() - began:.0f} s", flush=True)
        passed = passed and all(check.passed for check in checks)
        gc.collect()
    sys.exit(0 if passed else 1)


def _options() -> argparse.Namespace:
    listed = "\n".join(f"  {attack.name:<10}{attack.about}" for attack in ATTACKS)
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.abuse",
        description=f"Attacks chatroom serve on this machine, and shows what becomes of it.\n\nattacks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [attack.name for attack in ATTACKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of these (default: all)")
    parser.add_argument("--short", action="store_true", help="with a handful of clients, for seconds")
    options = parser.parse_args()
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"there is no attack {', '.join(sorted(unknown))}")
    return options


def _show(check: Check) -> None:
    measured = check.measured if isinstance(check.measured, str) else f"{check.measured:,.6g}"
    print(f"  {'pass' if check.passed else 'FAIL'}  {check.what}: {measured} (passes: {check.goal})", flush=True)


if __name__ == "__main__":
    main()
