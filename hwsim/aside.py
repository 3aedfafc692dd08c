"""Hidden directories in which files are written before they are moved into their place.

``.NAME.hwsim-tmp-N`` lies beside NAME. Whoever writes in one holds a lock on it (flock), which the system
lets go when the process ends, however it ends. One that nobody holds was left by a process that was killed,
and who next writes NAME removes it. Nothing is removed where the file system has no locks, what is no
directory, or belongs to another user.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST_PREFIX = 32
"""Characters of a name in that of its directory aside: a name may be as long as the system takes."""

LOOKED_BEYOND = 8
"""Numbers above one's own at which left directories are looked for: of processes that wrote NAME at once."""

ATTEMPTS = 1000
"""To make a directory that another process takes away before it is locked."""

_NAMED = re.compile(r"\.(.*)\.hwsim-tmp-\d+", re.DOTALL)


@contextmanager
def aside(directory: Path, name: str) -> Iterator[Path]:
    """A new directory in ``directory`` in which to write ``name``, gone with the block. Raises OSError where
    none can be made."""
    number, held = 0, _claimed(directory / _hidden(name, 0))
    while held is None:
        number += 1
        held = _claimed(directory / _hidden(name, number))
    place = directory / _hidden(name, number)
    try:
        for other in range(number + 1, number + LOOKED_BEYOND):
            _remove_if_left(directory / _hidden(name, other))
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(held)


def remove_left(directory: Path, name: str | None = None) -> None:
    """Remove what killed processes left aside in ``directory``: of ``name``, or of every name."""
    prefix = None if name is None else name[:LONGEST_PREFIX]
    try:
        with os.scandir(directory) as entries:
            found = [e.name for e in entries]
    except OSError:
        return
    for entry in found:
        if (match := _NAMED.fullmatch(entry)) and prefix in (None, match[1]):
            _remove_if_left(directory / entry)


def _hidden(name: str, number: int) -> str:
    return f".{name[:LONGEST_PREFIX]}.hwsim-tmp-{number}"


def _claimed(place: Path) -> int | None:
    """The open directory, locked and empty; None where it is another's. Raises OSError where none can be
    made."""
    for _ in range(ATTEMPTS):
        try:
            place.mkdir(0o700)
            made = True
        except FileExistsError:
            made = False
        try:
            held = _opened(place)
        except FileNotFoundError:
            continue
        except OSError:
            if made:
                place.rmdir()
                raise
            return None
        locked = _locked(held)
        if not _is_at(held, place):
            os.close(held)
            continue
        if locked or (made and locked is None):
            if not made:
                _empty(place)
            return held
        os.close(held)
        return None
    raise OSError(errno.EBUSY, "the directory to write in is taken away as soon as it is made")


def _remove_if_left(place: Path) -> None:
    """Remove a directory aside that nobody writes in."""
    try:
        held = _opened(place)
    except OSError:
        return
    try:
        if _locked(held) and _is_at(held, place):
            shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(held)


def _opened(place: Path) -> int:
    """Raises OSError for what is no directory, and for another user's."""
    held = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    if os.fstat(held).st_uid != os.geteuid():
        os.close(held)
        raise PermissionError
    return held


def _locked(held: int) -> bool | None:
    """Whether the lock is got now; None where the file system has none."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(held: int, place: Path) -> bool:
    """Whether the open directory is still the one of this name."""
    with suppress(OSError):
        return os.path.samestat(os.fstat(held), place.lstat())
    return False


def _empty(place: Path) -> None:
    with os.scandir(place) as entries:
        found = [(e.path, e.is_dir(follow_symlinks=False)) for e in entries]
    for path, is_directory in found:
        if is_directory:
            shutil.rmtree(path)
        else:
            Path(path).unlink()
