"""Who is lost of the retained set: all at once, in a loop, and by the definition."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ahn_runtime.backends.cpu import retained as loops
from ahn_runtime.backends.cpu.backend import CpuBackend
from ahn_runtime.backends.cpu.pieces import PieceThreads
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import mask_heads, plan_block
from ahn_runtime.model.cache import LayerState
from ahn_runtime.model.qwen2 import Heads
from ahn_runtime.model.retained import Competition, Grid, compete, counted, update_strength


def by_definition(strength, positions, room, filled):
    """Outcome of one head: lists of the lost, the holder of each place, and when each is lost."""
    places, lost, lost_with = list(range(filled)), [], {}
    for leaver in range(filled, len(strength)):
        if len(places) < room:
            places.append(leaver)
            continue
        weakest = min([*places, leaver], key=lambda i: (strength[i], positions[i]))
        lost.append(weakest)
        lost_with[weakest] = leaver - filled
        if weakest != leaver:
            places[places.index(weakest)] = leaver
    leavers = len(strength) - filled
    return lost, places, [lost_with.get(i, leavers) for i in range(len(strength))]


@given(
    room=st.integers(1, 12),
    filled=st.integers(0, 12),
    leavers=st.integers(0, 20),
    levels=st.integers(1, 9),
    seed=st.integers(0, 1 << 30),
)
@pytest.mark.parametrize("decide", [compete, loops.compete])
def test_what_is_lost_is_the_definitions(decide, room, filled, leavers, levels, seed):
    """Few levels of strength make many ties, which the older one loses."""
    filled = min(filled, room)
    generator = torch.Generator().manual_seed(seed)
    strength = torch.randint(0, levels, (3, filled + leavers), generator=generator).float()
    older = torch.stack([torch.randperm(filled, generator=generator) for _ in range(3)])
    newer = torch.arange(leavers).expand(3, -1) + 100
    positions = torch.cat((older, newer), dim=1)
    slots = torch.arange(leavers)
    competition = Competition(room, filled, slots, newer[0], 0, 50, Grid(256))
    outcome = decide(strength, positions, competition)
    for head in range(3):
        lost, kept, lost_with = by_definition(
            strength[head].tolist(), positions[head].tolist(), room, filled
        )
        assert outcome.lost[head].tolist() == lost
        assert outcome.kept[head].tolist() == kept
        assert outcome.lost_with[head].tolist() == lost_with


def test_a_strength_is_a_decayed_mean_of_what_each_cell_received():
    """Cells of 64 tokens decay by 0.98; a token's own cell counts whole."""
    grid = Grid(64)
    received = torch.tensor([[64.0, 0.0], [32.0, 128.0], [0.0, 64.0]])  # by cell
    positions = torch.tensor([[3, 64]])  # in cells 0 and 1
    strength = torch.zeros(1, 2)
    for cell, sums in enumerate(received):
        known = positions // 64 <= cell
        fresh = update_strength(strength, sums[None], positions, 64 * (cell + 1), grid)
        strength = torch.where(known, fresh, strength)
    first = (1.0 * 0.98**2 + 0.5 * 0.98 + 0) / (0.98**2 + 0.98 + 1)
    second = (2.0 * 0.98 + 1.0) / (0.98 + 1)
    assert strength[0].tolist() == pytest.approx([first, second], rel=1e-6)


@pytest.mark.parametrize("start, tokens", [(0, 30), (5, 3), (7, 1), (8, 7), (15, 20)])
def test_the_heads_of_a_group_count_in_turn_wherever_a_block_begins(start, tokens):
    head = torch.arange(6.0)[:, None, None].expand(-1, tokens, 1)
    of_first, of_second = counted(head, 2, start, Grid(4))[..., 0].tolist()
    assert of_first == [p % 3 for p in range(start, start + tokens)]
    assert of_second == [3 + p % 3 for p in range(start, start + tokens)]


@pytest.mark.parametrize("start, tokens", [(0, 30), (5, 3), (6, 7), (7, 1), (8, 1), (511, 20)])
def test_in_long_cells_every_second_position_counts_the_heads_in_turn(start, tokens):
    grid, head = Grid(256), torch.arange(6.0)[:, None, None].expand(-1, tokens, 1)
    block = range(start, start + tokens)
    assert grid.every == 2
    of_first, of_second = counted(head, 2, start, grid)[..., 0].tolist()
    assert of_first == [p // 2 % 3 for p in block if p % 2 == 0]
    assert of_second == [3 + p // 2 % 3 for p in block if p % 2 == 0]
    by_position = [grid.counted_head(p, 3) for p in block]
    assert by_position == [-1 if p % 2 else p // 2 % 3 for p in block]
    assert list(block[grid.counted_rows(start)]) == [p for p in block if p % 2 == 0]


@pytest.mark.parametrize("cell, every", [(1, 1), (128, 1), (129, 2), (256, 2)])
def test_at_most_128_positions_of_a_cell_count(cell, every):
    assert Grid(cell).every == every


@pytest.mark.parametrize(
    "window, cell", [(1, 1), (3, 1), (24, 6), (256, 64), (1024, 256), (9000, 256)]
)
def test_a_window_holds_at_least_four_cells(window, cell):
    assert Grid.of(StreamConfig(window, 0, None, retain=8)) == Grid(cell)


@pytest.mark.parametrize("kv_dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("start, tokens", [(0, 40), (30, 34), (768, 64), (1024, 9), (1025, 8)])
@pytest.mark.parametrize("rows", [0, 1, None])
@torch.inference_mode()
def test_attention_and_what_is_received_in_pieces_equal_those_in_calls(
    start, tokens, kv_dtype, rows
):
    stream = StreamConfig(256, 4, None, retain=20)
    plan = plan_block(start, tokens, stream, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    keys = plan.held_before + tokens
    rows = tokens if rows is None else rows

    def random(*shape):
        return torch.randn(*shape, generator=generator)

    heads = Heads(random(6, tokens, 16), random(2, tokens, 16), random(2, tokens, 16))
    k, v = (random(2, keys, 16).to(kv_dtype) for _ in range(2))
    strength = torch.rand(2, len(plan.competition.slots), generator=generator)
    positions = torch.arange(strength.shape[1]).expand(2, -1)
    lost_with = compete(strength, positions, plan.competition).lost_with
    found = []
    for backend in (CpuBackend(), TorchBackend()):
        for lead in (PieceThreads.of(2).lead, lambda work: work()):
            fresh = plan_block(start, tokens, stream, torch.device("cpu"))
            out, received = lead(
                lambda: backend.attend_retained(heads, k, v, fresh, lost_with, rows)  # noqa: B023
            )
            assert out.shape == (6, rows, 16)
            found.append((out, received.sum(1)))
    for out, received in found:
        torch.testing.assert_close(out, found[-1][0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(received, found[-1][1], rtol=1e-4, atol=1e-6)
        assert received.sum().item() == pytest.approx(tokens * 2, rel=1e-4), "they add up to 1"


@pytest.mark.parametrize("runs", [[(0, 5)], [(7, 3), (2, 4), (20, 1)], [(5, 1), (3, 1), (9, 2)]])
def test_masks_in_a_loop_equal_those_in_calls(runs):
    slots = torch.cat([torch.arange(first, first + count) for first, count in runs])
    generator = torch.Generator().manual_seed(1)
    last = torch.randint(0, 8, (2, len(slots)), generator=generator)
    masks = [torch.full((2, 6, 30), 0.5) for _ in range(2)]
    mask_heads(masks[0], slots, last)
    loops.mask_heads(masks[1], slots, last)
    assert torch.equal(*masks) and bool((masks[0] == 0.5).any()), "other columns are left"


@pytest.mark.parametrize("kv_dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("gates", [0, 2])
@pytest.mark.parametrize("start, tokens", [(10, 3), (30, 8), (34, 8), (90, 8), (95, 1)])
def test_what_is_kept_is_moved_in_a_loop_as_in_calls(start, tokens, gates, kv_dtype):
    stream = StreamConfig(24, 4, None, retain=10)
    competition = plan_block(start, tokens, stream, torch.device("cpu")).competition
    generator = torch.Generator().manual_seed(0)
    held = stream.cache_limit

    def random(*shape):
        return torch.randn(*shape, generator=generator)

    retained = torch.full((2, 10), -1)
    retained[:, : competition.filled] = torch.arange(4, 4 + competition.filled)
    state = LayerState(
        *(random(2, held, 8).to(kv_dtype) for _ in range(2)),
        random(gates, held, 6),
        torch.zeros(6, 8, 8),
        random(2, 2, held).abs(),
        retained,
    )
    outcome = state.compete(competition)
    other = copy.deepcopy(state)
    if len(competition.leaver_slots):
        state.keep(competition, outcome)
    loops.keep(other, competition, outcome)
    for name in ("k", "v", "gates", "attention", "retained"):
        assert torch.equal(getattr(state, name), getattr(other, name)), name
    assert (state.retained >= 0).sum() == 2 * competition.filled_after


@pytest.mark.parametrize("start, tokens", [(0, 64), (10, 30), (10, 60), (63, 200), (64, 1)])
def test_no_part_of_a_block_crosses_a_cell(start, tokens):
    lengths, at = Grid(64).parts(start, tokens), start
    assert sum(lengths) == tokens and min(lengths) > 0
    for length in lengths:
        assert at // 64 == (at + length - 1) // 64, "within one cell"
        at += length
        assert at % 64 == 0 or at == start + tokens, "and to its end"
