"""Threads for compiled loops: ranges shared in pieces, a barrier inside a call, arrays by address.

A Python call for every part of the work between two synchronisation points would cost more than the
arithmetic of a single token. So each thread makes one long compiled call, and the threads
synchronise inside it at a barrier that counts arrivals.

Nothing here depends on the processor: atomics and prefetches are LLVM's own instructions, which
every target has (a prefetch may compile to nothing).
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

from ahn_runtime.backends.cpu.jit import jit
from ahn_runtime.backends.cpu.pieces import Pieces

SPIN_LIMIT = 2000
"""How often a waiting thread reads the counter before it yields its core between two reads."""

PIECES_PER_THREAD = 2
"""Of a parallel loop. More would even out the threads better, and cost more calls."""

CAN_YIELD = hasattr(os, "sched_yield")
"""Whether a compiled loop can yield its core on this system: not on Windows."""

_barrier_lock = threading.Lock()
_yield_core = types.ExternalFunction("sched_yield", types.int32())


def fetch_add_code(context: Any, counter: Any) -> Any:
    """LLVM code: add 1 to an int64 [1] that all threads see; returns the value before."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, args[0]).data
        return builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(counter), code


_fetch_add: Any = intrinsic(fetch_add_code)


def load_code(context: Any, counter: Any) -> Any:
    """LLVM code: the current value of an int64 [1] that all threads see."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, args[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return types.int64(counter), code


_load: Any = intrinsic(load_code)


def pointer_code(context: Any, address: Any) -> Any:
    """LLVM code: an int64 address as a pointer."""

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), code


_pointer: Any = intrinsic(pointer_code)


def prefetch_code(context: Any, array: Any, offset: Any) -> Any:
    """LLVM code: load the cache line `offset` bytes behind an array's start.

    An offset behind the array's end is harmless: a prefetch cannot fault.
    """

    def code(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        data = target.make_array(signature.args[0])(target, builder, args[0]).data
        address = builder.gep(builder.bitcast(data, byte), [args[1]])
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # For reading, into all cache levels, data rather than instructions.
        builder.call(call, [address, *(ir.Constant(number, flag) for flag in (0, 3, 1))])
        return target.get_dummy_value()

    return types.void(array, types.int64), code


prefetch: Any = intrinsic(prefetch_code)


@jit
def barrier(arrivals, threads):  # type: ignore[no-untyped-def]
    """Wait until all threads have called this; they may then do so again.

    Args:
        arrivals: int64 [1], 0 before the first barrier; shared by the threads.
        threads: how many there are.
    """
    expected = (_fetch_add(arrivals) // threads + 1) * threads
    reads = 0
    while _load(arrivals) < expected:
        reads += 1
        if reads > SPIN_LIMIT:
            _yield_core()


@jit
def share_of(count, part, parts):  # type: ignore[no-untyped-def]
    """First and last (exclusive) of the items 0 to `count` that are part `part` of `parts`."""
    return count * part // parts, count * (part + 1) // parts


@jit
def float32_at(address, rows, columns):  # type: ignore[no-untyped-def]
    """The float32 array [rows, columns] at an address."""
    return carray(_pointer(address), (rows, columns), np.float32)


@jit
def int8_at(address, rows, columns):  # type: ignore[no-untyped-def]
    """The int8 array [rows, columns] at an address."""
    return carray(_pointer(address), (rows, columns), np.int8)


@jit
def int64_at(address, blocks, rows, columns):  # type: ignore[no-untyped-def]
    """The int64 array [blocks, rows, columns] at an address."""
    return carray(_pointer(address), (blocks, rows, columns), np.int64)


@jit
def blocks_at(address, blocks, rows, columns, like):  # type: ignore[no-untyped-def]
    """The array [blocks, rows, columns] at an address, of the dtype of the array `like`."""
    return carray(_pointer(address), (blocks, rows, columns), like.dtype)


def run_with_barriers(work: Callable[[int], None], threads: int) -> None:
    """`run_on_threads` for work that waits at a barrier inside.

    Only one such work runs at a time in the process. Two of them could each hold some of the
    threads and wait for work of theirs that is still queued behind the other.
    """
    with _barrier_lock:
        run_on_threads(work, threads)


def run_on_threads(work: Callable[[int], None], threads: int) -> None:
    """Call work(0) on this thread and work(1) to work(threads - 1) on others; wait for all.

    Raises:
        Exception: the first that a call raised.
    """
    others = [_pool(threads - 1).submit(work, part) for part in range(1, threads)]
    work(0)
    wait(others)
    for other in others:
        other.result()


def parallel_for(loop: Callable[..., Any], count: int, is_worth_threads: bool, *args: Any) -> None:
    """Run `loop(*args, first, last)` over 0 to `count`, in pieces that free threads take.

    As many threads take pieces as torch has. This one takes them too and waits only for pieces that
    another thread has begun: a thread that gets no core because another program uses it delays
    nothing. Which thread takes a piece must not matter to its result.

    Args:
        loop: compiled, so that it runs without the GIL; pieces must be independent.
        is_worth_threads: False: run all of it on this thread, for loops shorter than the time that
            waking a thread takes.

    Raises:
        Exception: what a piece raised; all others have ended by then.
    """
    threads = torch.get_num_threads() if is_worth_threads else 1
    number = min(threads * PIECES_PER_THREAD, count)
    if threads == 1 or number <= 1:
        loop(*args, 0, count)
        return
    pieces = Pieces(lambda first, last: loop(*args, first, last), count, number)
    for _ in range(min(threads, number) - 1):
        _pool(threads - 1).submit(pieces.take_all)
    pieces.finish()


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="ammon-loops")
