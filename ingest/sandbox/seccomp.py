"""A seccomp filter: system calls that a reader of documents never needs are refused with EPERM.

The filter is a program of classic BPF that the kernel runs before each call. It cannot be taken
back, and what this process starts has it, too. There is one for x86-64 and one for AArch64.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.sandbox.system_calls import MACHINE, system_call

_X86, _ARM = "x86_64", "aarch64"
_AUDIT_ARCHITECTURES = {_X86: 0xC000003E, _ARM: 0xC00000B7}
_SECCOMP_CALL = {_X86: 317, _ARM: 277}
_SET_MODE_FILTER, _ALL_THREADS, _KEEP_SPECULATION = 1, 1, 4
_X32_BIT = 0x40000000
# Operations of classic BPF, as <linux/bpf_common.h> numbers them.
_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _FAIL, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_ARGUMENTS = 0, 4, 16

# The number of each call on x86-64 and on AArch64, None where it has no such call.
_Numbers = dict[str, tuple[int | None, int | None]]
_NETWORK: _Numbers = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # Would open sockets past this filter.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
_INTO_OTHER_PROCESSES: _Numbers = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
}
_OTHER_PROCESSES: _Numbers = {
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    # These take the number of what another process has made, which can be guessed.
    "shmctl": (31, 195),
    "msgctl": (71, 187),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}
_KERNEL: _Numbers = {
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vhangup": (153, 58),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "inotify_add_watch": (254, 27),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setgroups": (116, 159),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
}
_CHANGES_OF_FILES: _Numbers = {
    "creat": (85, None),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "truncate": (76, 45),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
}
_NEW_PROGRAMS: _Numbers = {"execve": (59, 221), "execveat": (322, 281)}
_NEW_PROCESSES: _Numbers = {
    "fork": (57, None),
    "vfork": (58, None),
    # A process that leaves its group would survive the end of it.
    "setsid": (112, 157),
    "setpgid": (109, 154),
}
_OPEN: _Numbers = {"open": (2, None)}
_OPENAT: _Numbers = {"openat": (257, 56)}
_OPENAT2: _Numbers = {"openat2": (437, 437)}
_CLONE: _Numbers = {"clone": (56, 220)}
_CLONE3: _Numbers = {"clone3": (435, 435)}
_IOCTL: _Numbers = {"ioctl": (16, 29)}
_PRCTL: _Numbers = {"prctl": (157, 167)}
_FCNTL: _Numbers = {"fcntl": (72, 25)}
# Calls whose first argument is a process, 0 meaning this one.
_OF_A_PROCESS: _Numbers = {
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
}
_SIGNALS: _Numbers = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}

_CLONE_THREAD = 0x10000
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# To type into a terminal (TIOCSTI, TIOCLINUX), and to have signals sent to another process
# (FIOSETOWN, SIOCSPGRP).
_REQUESTS = (0x5412, 0x541C, 0x8901, 0x8902)
# The same for files: F_SETOWN, F_SETOWN_EX, F_SETSIG; and to keep others from a file: F_SETLEASE.
_FILE_COMMANDS = (8, 15, 10, 1024)
# The first call that is newer than these lists: open_tree_attr.
_FIRST_UNKNOWN = 467
# To survive the client, and to let others look into this process.
_PROCESS_ATTRIBUTES = (1, 4)


@dataclass(frozen=True)
class Allowed:
    """What a process may do beyond reading files, computing and starting threads.

    Args:
        programs: run another program in place of itself.
        processes: start other processes, and end them.
        open_for_writing: open files for writing; Landlock or the system says which.
        change_files: rename files, remove them and make folders.
    """

    programs: bool = False
    processes: bool = False
    open_for_writing: bool = False
    change_files: bool = False


def has_filter() -> bool:
    """Return whether there is a filter for this machine."""
    return MACHINE in _AUDIT_ARCHITECTURES


def restrict_calls(allowed: Allowed) -> None:
    """Install the filter for all threads of this process, which must have no new privileges.

    Raises:
        OSError: the system refused it, or there is none for this machine; nothing is restricted.
    """
    if not has_filter():
        raise OSError(errno.ENOSYS, f"no filter for {MACHINE or 'this system'}")
    program = b"".join(_program(allowed))
    # struct sock_fprog: the number of instructions and their address, aligned.
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    call = _SECCOMP_CALL[MACHINE]
    system_call(call, _SET_MODE_FILTER, _ALL_THREADS | _KEEP_SPECULATION, head)


def _program(allowed: Allowed) -> list[bytes]:
    """Return the instructions: a check of the machine, a block for each call, and "allow"."""
    program = [
        _load(_AT_ARCHITECTURE),
        _jump(_EQUAL, _AUDIT_ARCHITECTURES[MACHINE], if_so=1),
        _result(_KILL),  # a call in the manner of another machine, such as 32 bits
        _load(_AT_NUMBER),
    ]
    if MACHINE == _X86:
        program += [_jump(_AT_LEAST, _X32_BIT, if_not=1), _fail(errno.ENOSYS)]
    newer = [_jump(_AT_LEAST, _FIRST_UNKNOWN, if_not=1), _fail(errno.ENOSYS)]
    return [*program, *newer, *_rules(allowed), _result(_ALLOW)]


def _rules(allowed: Allowed) -> Iterable[bytes]:
    yield from _refuse(_NETWORK, _KERNEL, _INTO_OTHER_PROCESSES)
    yield from _check(_IOCTL, 1, *(_jump_to_fail(request) for request in _REQUESTS))
    yield from _check(_FCNTL, 1, *(_jump_to_fail(command) for command in _FILE_COMMANDS))
    yield from _check(_OF_A_PROCESS, 0, *_allow_only(0, os.getpid()))
    yield from _refuse(_OPENAT2, code=errno.ENOSYS)  # its flags cannot be seen from here
    if not allowed.programs:
        yield from _refuse(_NEW_PROGRAMS)
        yield from _check(_PRCTL, 0, *(_jump_to_fail(option) for option in _PROCESS_ATTRIBUTES))
    if not allowed.processes:
        yield from _refuse(_NEW_PROCESSES, _OTHER_PROCESSES)
        yield from _refuse(_CLONE3, code=errno.ENOSYS)  # libraries then call clone
        yield from _check(_CLONE, 0, _jump(_HAS_BITS, _CLONE_THREAD, if_so=1), _fail())
        yield from _check(_SIGNALS, 0, *_allow_only(os.getpid()))
    if not allowed.change_files:
        yield from _refuse(_CHANGES_OF_FILES)
    if not allowed.open_for_writing:
        for numbers, flags_argument in ((_OPEN, 1), (_OPENAT, 2)):
            has_flag = _jump(_HAS_BITS, _WRITE_FLAGS, if_not=1)
            yield from _check(numbers, flags_argument, has_flag, _fail())


def _refuse(*groups: _Numbers, code: int = errno.EPERM) -> Iterable[bytes]:
    for number in _numbers(*groups):
        yield _jump(_EQUAL, number, if_not=1)
        yield _fail(code)


def _check(numbers: _Numbers, argument: int, *instructions: bytes) -> Iterable[bytes]:
    """Yield the block of calls of which an argument decides; what it does not refuse is allowed."""
    flat = b"".join(instructions)
    block = [_load(_AT_ARGUMENTS + 8 * argument), flat, _result(_ALLOW)]
    for number in _numbers(numbers):
        yield _jump(_EQUAL, number, if_not=len(b"".join(block)) // 8)
        yield from block


def _allow_only(*values: int) -> Iterable[bytes]:
    """Yield instructions that refuse a call unless the argument is one of the values."""
    for left, value in zip(range(len(values), 0, -1), values, strict=True):
        yield _jump(_EQUAL, value, if_so=left)
    yield _fail()


def _jump_to_fail(value: int) -> bytes:
    """Return instructions that refuse a call if the argument is the value."""
    return _jump(_EQUAL, value, if_not=1) + _fail()


def _numbers(*groups: _Numbers) -> Iterable[int]:
    column = 0 if MACHINE == _X86 else 1
    for group in groups:
        for pair in group.values():
            number = pair[column]
            if number is not None:
                yield number


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, offset)


def _jump(operation: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """Return a comparison, and how many instructions are skipped after it."""
    return _instruction(operation, value, if_so, if_not)


def _fail(code: int = errno.EPERM) -> bytes:
    return _result(_FAIL | code)


def _result(value: int) -> bytes:
    return _instruction(_RETURN, value)


def _instruction(operation: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_so, if_not, value)
