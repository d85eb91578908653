"""Processes of a run, as /proc shows them."""
import pathlib
import time


def table():
    """{number: (number of the parent, state)} of all processes."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except (OSError, ValueError):
                continue  # it has ended meanwhile
            found[int(entry.name)] = int(parent), state
    return found


def below(root):
    """Numbers of a process and of all below it."""
    all_of_them = table()

    def is_below(number):
        while number in all_of_them and number != root:
            number = all_of_them[number][0]
        return number == root

    return [number for number in all_of_them if is_below(number)]


def wait_for_pause(process, seconds=120):
    """The number of the first process of a run that stands still (HARSANYI_PAUSE); None: the run
    has ended before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        states = table()
        for number in below(process.pid):
            if number in states and states[number][1] == "T":
                return number
        if process.poll() is not None:
            return None
        time.sleep(0.02)
    raise AssertionError("no process stands still")


def wait_for_end(numbers, seconds):
    """Wait until these processes have ended; those that have not."""
    end = time.monotonic() + seconds
    while True:
        states = table()
        left = [number for number in numbers if number in states and states[number][1] != "Z"]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)
