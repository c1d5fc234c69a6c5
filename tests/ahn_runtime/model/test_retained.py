"""Who is lost of the retained set: all at once, in a loop, and by the definition."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ahn_runtime.backends.cpu.backend import CpuBackend
from ahn_runtime.backends.cpu.retained import compete as compete_in_loops
from ahn_runtime.backends.torch import TorchBackend
from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import plan_block
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
@pytest.mark.parametrize("decide", [compete, compete_in_loops])
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
    of_first, of_second = counted(head, 2, start)[..., 0].tolist()
    assert of_first == [p % 3 for p in range(start, start + tokens)]
    assert of_second == [3 + p % 3 for p in range(start, start + tokens)]


@pytest.mark.parametrize(
    "window, cell", [(1, 1), (3, 1), (24, 6), (256, 64), (1024, 256), (9000, 256)]
)
def test_a_window_holds_at_least_four_cells(window, cell):
    assert Grid.of(StreamConfig(window, 0, None, retain=8)) == Grid(cell)


@pytest.mark.parametrize("kv_dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("start, tokens", [(0, 40), (30, 34), (768, 64), (1024, 9), (1025, 8)])
@torch.inference_mode()
def test_masks_and_what_is_received_in_loops_equal_those_in_calls(start, tokens, kv_dtype):
    stream = StreamConfig(256, 4, None, retain=20)
    plan = plan_block(start, tokens, stream, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    keys = plan.held_before + tokens
    q = torch.randn(6, tokens, 16, generator=generator)
    k = torch.randn(2, keys, 16, generator=generator).to(kv_dtype)
    strength = torch.rand(2, len(plan.competition.slots), generator=generator)
    positions = torch.arange(strength.shape[1]).expand(2, -1)
    outcome = compete(strength, positions, plan.competition)
    found = []
    for backend in (CpuBackend(), TorchBackend()):
        fresh = plan_block(start, tokens, stream, torch.device("cpu"))
        masked = fresh.with_head_masks(outcome.lost_with, backend.mask_heads)
        found.append((masked.mask, backend.attention_received(q, None, k, masked).sum(1)))
    (mask, received), (mask_by_calls, received_by_calls) = found
    assert torch.equal(mask, mask_by_calls)
    torch.testing.assert_close(received, received_by_calls, rtol=1e-4, atol=1e-6)
    assert received.sum().item() == pytest.approx(tokens * 2, rel=1e-4), "weights add up to 1"


@pytest.mark.parametrize("start, tokens", [(0, 64), (10, 30), (10, 60), (63, 200), (64, 1)])
def test_no_part_of_a_block_crosses_a_cell(start, tokens):
    lengths, at = Grid(64).parts(start, tokens), start
    assert sum(lengths) == tokens and min(lengths) > 0
    for length in lengths:
        assert at // 64 == (at + length - 1) // 64, "within one cell"
        at += length
        assert at % 64 == 0 or at == start + tokens, "and to its end"
