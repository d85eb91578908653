"""Files that are there as a whole or not at all."""
import contextlib
import os
import stat
import tempfile


@contextlib.contextmanager
def whole_file(path):
    """A name to write to in place of `path`, which gets what is there once all of it is on disk.

    What was at `path` before stays where writing fails, and leaves its permissions to the new file;
    of a symbolic link the file that it leads to is meant.
    """
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    try:
        before = os.stat(path).st_mode
        if not stat.S_ISREG(before):
            raise OSError(f"{path} is no regular file")
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        before = 0o666 & ~mask
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=f".{name[-40:]}", dir=folder)
    os.close(handle)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, stat.S_IMODE(before))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
