#!/usr/bin/python3
"""What the suite costs: processor time of every test and all that it starts, by part of the suite.

    tests/cost.py build/dev [-R REGEX] [--runs 1] [--dearest 15]

Tests are run one after another, in the environment that ctest would give them. Two tables in
Markdown follow: the parts of the suite (the folder before the first "/" of a test's name), and the
dearest tests. Processor time depends less on what else the machine does than time on the clock, but
it does: ranks that wait for each other spin. Of several --runs the least counts. Exit status 1 if a
test failed.
"""
import argparse
import collections
import json
import os
import platform
import re
import subprocess
import sys
import time

SKIPPED = 77


def tests_of(build, pattern):
    """[(name, command, environment, folder)] as ctest knows them."""
    done = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True,
                          stdout=subprocess.PIPE, text=True)
    for test in json.loads(done.stdout)["tests"]:
        if not re.search(pattern, test["name"]):
            continue
        of = {x["name"]: x["value"] for x in test.get("properties", [])}
        environment = dict(text.split("=", 1) for text in of.get("ENVIRONMENT", []))
        yield test["name"], test["command"], environment, of.get("WORKING_DIRECTORY", build)


def measure(command, environment, folder):
    """Exit status, processor seconds and seconds on the clock of a test."""
    start = time.monotonic()
    with subprocess.Popen(command, env={**os.environ, **environment}, cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime, time.monotonic() - start


def processor():
    """Its name, as far as the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return re.search(r"model name\s*: (.*)", file.read())[1]
    except (OSError, TypeError):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", help="a build folder with tests, such as build/dev")
    parser.add_argument("-R", dest="pattern", default="", help="only tests whose names match this")
    parser.add_argument("--runs", type=int, default=1, help="of so many runs the least counts")
    parser.add_argument("--dearest", type=int, default=15, help="so many tests are listed")
    options = parser.parse_args()
    found, failed = {}, []
    for name, *how in tests_of(options.build, options.pattern):
        runs = [measure(*how) for _ in range(options.runs)]
        used, waited = (min(column) for column in zip(*(seconds for _, *seconds in runs)))
        found[name] = used, waited
        failed += [f"{name}: exit status {status}" for status, *_ in runs
                   if status not in (0, SKIPPED)]
        print(f"{used:8.1f} {waited:8.1f}  {name}", file=sys.stderr, flush=True)
    parts = collections.defaultdict(list)
    for name, seconds in found.items():
        parts[name.split("/")[0]].append(seconds)
    parts["all"] = list(found.values())
    print(f"{processor()}, {os.cpu_count()} cores\n\n| part | tests | processor time (s) "
          "| alone on the clock (s) |\n|---|---|---|---|")
    for part, seconds in parts.items():
        used, waited = (sum(column) for column in zip(*seconds))
        print(f"| {part} | {len(seconds)} | {used:.0f} | {waited:.0f} |")
    print("\n| test | processor time (s) |\n|---|---|")
    for name in sorted(found, key=lambda key: -found[key][0])[:options.dearest]:
        print(f"| {name} | {found[name][0]:.1f} |")
    for text in failed:
        print(f"FAILED {text}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
