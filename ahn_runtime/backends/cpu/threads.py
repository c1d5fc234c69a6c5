"""Several threads inside one compiled call: waiting for each other, and memory by its address.

A call through Python at every place where threads must meet would cost more than the arithmetic
between two of them. So each thread makes one long compiled call, and they meet in there, by
counting arrivals; who waits gives its core away after a short while of looking.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import carray

from ahn_runtime.backends.cpu.jit import compiled

LOOKS = 2000
"""So often a waiting thread looks before it gives its core away each time."""

_meeting = threading.Lock()
_give_core_away = types.ExternalFunction("sched_yield", types.int32())

IS_POSSIBLE = hasattr(os, "sched_yield")
"""Whether threads can give their core away here: not on Windows."""


def arrive_code(context: Any, counter: Any) -> Any:
    """Add 1 to an int64 [1], seen by all threads."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, args[0]).data
        return builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(counter), code


_arrive: Any = intrinsic(arrive_code)


def arrived_code(context: Any, counter: Any) -> Any:
    """What stands in an int64 [1] now."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, args[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return types.int64(counter), code


_arrived: Any = intrinsic(arrived_code)


def pointer_code(context: Any, address: Any) -> Any:
    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), code


_pointer: Any = intrinsic(pointer_code)


def prefetch_code(context: Any, array: Any, at: Any) -> Any:
    """Ask for the byte `at` bytes behind an array's first; nothing happens beyond its end."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        data = target.make_array(signature.args[0])(target, builder, args[0]).data
        place = builder.gep(builder.bitcast(data, byte), [args[1]])
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # To be read, wanted in all caches, data.
        builder.call(call, [place, *(ir.Constant(number, flag) for flag in (0, 3, 1))])
        return target.get_dummy_value()

    return types.void(array, types.int64), code


prefetch: Any = intrinsic(prefetch_code)


@compiled
def meet(counter, expected):  # type: ignore[no-untyped-def]
    """Wait until `expected` arrivals were counted in all, this one among them."""
    _arrive(counter)
    looks = 0
    while _arrived(counter) < expected:
        looks += 1
        if looks > LOOKS:
            _give_core_away()


@compiled
def floats(address, rows, columns):  # type: ignore[no-untyped-def]
    """The float32 array [rows, columns] at an address."""
    return carray(_pointer(address), (rows, columns), np.float32)


@compiled
def stacked(address, blocks, rows, columns, like):  # type: ignore[no-untyped-def]
    """The array [blocks, rows, columns] at an address, of the same dtype as `like`."""
    return carray(_pointer(address), (blocks, rows, columns), like.dtype)


@compiled
def bytes_(address, rows, columns):  # type: ignore[no-untyped-def]
    """The int8 array [rows, columns] at an address."""
    return carray(_pointer(address), (rows, columns), np.int8)


def share_meeting(work: Callable[[int], None], parts: int) -> None:
    """`share` for work in which the threads `meet`.

    One at a time, whichever model or session it is for: two of them could hold threads that wait
    for others, which still stand in the queue behind them.
    """
    with _meeting:
        share(work, parts)


def share(work: Callable[[int], None], parts: int) -> None:
    """Call `work` with 0 to `parts` - 1, each on a thread of its own, the first on this one."""
    others = [_threads(parts - 1).submit(work, part) for part in range(1, parts)]
    work(0)
    wait(others)
    for other in others:
        other.result()


def share_range(loop: Callable[..., Any], count: int, is_worth_it: bool, *args: Any) -> None:
    """Run `loop(*args, first, last)` over 0 to `count`, on as many threads as torch has.

    Args:
        is_worth_it: False: all of it here, since waking a thread would cost more.
    """
    parts = torch.get_num_threads() if is_worth_it else 1
    share(lambda part: loop(*args, count * part // parts, count * (part + 1) // parts), parts)


@functools.cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="ammon-crew")
