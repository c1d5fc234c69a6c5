"""Landlock: this process, and those that it starts, reach only some files from now on.

Part of Linux since 5.13, where it is switched on. What each version (ABI) can refuse is in the
kernel's documentation, userspace-api/landlock. Only the standard library is imported.
"""

import contextlib
import os
import stat
import struct
from collections.abc import Iterable

from ingest.sandbox.system_calls import IS_LINUX, system_call

# These numbers are the same on every machine.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
# How many rights to files each version knows: all bits below are refused unless a rule allows them.
_FILE_RIGHT_COUNTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_FILE_RIGHT_COUNT = 16
# What of these can be allowed for a file that is not a folder.
_RIGHTS_TO_ONE_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_TCP = 0b11  # to bind, to connect
_SCOPES = 0b11  # abstract sockets and signals stay inside
_WITH_TCP, _WITH_SCOPES = 4, 6
WITH_TRUNCATION = 3
"""The first version that also refuses to empty a file that is opened for reading."""


def abi_version() -> int:
    """Return the version of Landlock of this kernel, 0 if it has none or does not let us use it."""
    if not IS_LINUX:
        return 0
    try:
        return system_call(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def restrict_files(
    readable: Iterable[str], writable: Iterable[str] = (), *, may_execute: bool = False
) -> int:
    """Refuse this thread, and all that it starts from now on, every file but these.

    The process must have no other thread, and must have given up new privileges.

    Args:
        readable: files, and folders with all that is below them; missing ones are passed over.
        writable: the same, for reading and writing.
        may_execute: the readable files can be run, too.

    Returns:
        The version of Landlock that is in force.

    Raises:
        OSError: the system has no Landlock, or refused it; nothing is restricted then.
    """
    version = abi_version()
    all_rights = (1 << _FILE_RIGHT_COUNTS.get(version, _NEWEST_FILE_RIGHT_COUNT)) - 1
    ruleset = _new_ruleset(version, all_rights)
    reading = _READ_FILE | _READ_DIR | (_EXECUTE if may_execute else 0)
    try:
        for path in readable:
            _allow(ruleset, path, reading)
        for path in writable:
            _allow(ruleset, path, all_rights & ~_EXECUTE)
        system_call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _new_ruleset(version: int, all_rights: int) -> int:
    parts = [all_rights]
    if version >= _WITH_TCP:
        parts.append(_TCP)
    if version >= _WITH_SCOPES:
        parts.append(_SCOPES)
    attributes = struct.pack(f"={len(parts)}Q", *parts)
    return system_call(_CREATE_RULESET, attributes, len(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
        file = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(file).st_mode):
                rights &= _RIGHTS_TO_ONE_FILE
            rule = struct.pack("=Qi", rights, file)
            system_call(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
        finally:
            os.close(file)
