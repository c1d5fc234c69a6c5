"""Work in pieces: every piece once, results in order, and blocks of the same bits either way."""

import threading

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.backends.cpu.backend import CpuBackend
from ahn_runtime.backends.cpu.int8_layer import PIECE_ROWS
from ahn_runtime.backends.cpu.pieces import Pieces, PieceThreads, map_pieces
from ahn_runtime.model.cells import CELLS
from tests.support.model import token_ids

THREADS = 2


@pytest.fixture
def two_torch_threads():
    usual = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(usual)


@pytest.mark.parametrize("count, number", [(1, 1), (7, 3), (100, 8)])
def test_pieces_cover_the_range_once_and_give_their_results_in_order(count, number):
    pieces = Pieces(lambda first, last: list(range(first, last)), count, number)
    helper = threading.Thread(target=pieces.take_all)
    helper.start()
    found = pieces.finish()
    helper.join()
    assert len(found) == number and sum(found, []) == list(range(count))


def test_pieces_raise_what_one_raised_after_all_have_ended():
    ended = []

    def work(first, last):
        ended.append(first)
        if first == 3:
            raise ValueError("the piece at 3")

    with pytest.raises(ValueError, match="the piece at 3"):
        Pieces(work, 5, 5).finish()
    assert ended == [0, 1, 2, 3, 4]


def test_map_pieces_outside_a_led_block_is_one_call():
    assert map_pieces(lambda first, last: (first, last), 9) == [(0, 9)]


def test_a_led_block_uses_one_torch_thread_and_the_callers_modes(two_torch_threads):
    def modes(first, last):
        flags = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
        return first, last, torch.get_num_threads(), *flags

    threads = PieceThreads.of(THREADS)
    with torch.inference_mode():
        assert threads.lead(lambda: map_pieces(modes, 9)) == [
            (0, 4, 1, True, False),
            (4, 9, 1, True, False),
        ]
    assert threads.lead(lambda: map_pieces(modes, 9, min_items=5)) == [(0, 9, 1, False, True)]
    assert torch.get_num_threads() == THREADS, "the caller's number stays"
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert found == [THREADS], "and so does that of new threads"


def test_a_led_block_ends_while_another_block_holds_the_other_thread(two_torch_threads):
    threads, release, is_held = PieceThreads.of(THREADS), threading.Event(), threading.Event()

    def hold():
        is_held.set()
        return release.wait(20)

    holder = threading.Thread(target=threads.lead, args=(hold,))
    holder.start()
    try:
        assert is_held.wait(20)
        assert threads.lead(lambda: map_pieces(lambda first, last: last, 10)) == [5, 10]
        assert holder.is_alive()
    finally:
        release.set()
        holder.join()


@pytest.mark.parametrize("cell", [None, *CELLS])
def test_a_long_block_in_pieces_gives_the_bits_of_the_block_as_a_whole(
    tiny_dirs, two_torch_threads, monkeypatch, cell
):
    runtime = Runtime.load(
        tiny_dirs[cell or "GatedDeltaNet"],
        ahn="auto" if cell else None,
        window=300,
        sinks=4,
        quantize="int8",
    )
    ids = token_ids(4 * THREADS * PIECE_ROWS + 3)
    led = []
    lead = PieceThreads.lead
    monkeypatch.setattr(PieceThreads, "lead", lambda *given: led.append(1) or lead(*given))
    in_pieces, whole = runtime.session(), runtime.session()
    logits = in_pieces.feed(ids, logits="all")
    assert len(led) == 4, "every long block was computed in pieces"
    monkeypatch.setattr(CpuBackend, "_takes_pieces", lambda *given: False)
    assert torch.equal(logits, whole.feed(ids, logits="all"))
    for ours, theirs in zip(in_pieces.state.layers, whole.state.layers, strict=True):
        for name in ("k", "v", "gates", "memory"):
            assert torch.equal(getattr(ours, name), getattr(theirs, name))
