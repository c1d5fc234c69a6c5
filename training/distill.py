"""Teacher and student over a whole sequence, and the loss between them.

The student is what a session computes, as one differentiable pass: per layer, attention over
sinks and window, plus what the memory gives back to query t after position t - W was written.
Below P = W + S both are the same, as a causal layer sees nothing of what comes later. So the
teacher goes first and leaves, per layer, what the student needs of those positions; the student
runs over the rest only, and gradients touch nothing else.

Shapes: x [T, hidden]; q [H, T, D]; k, v [Hkv, T, D]; T = L - P positions from P on, which is also
the number of positions written, S .. L - W - 1.

Source: "Artificial Hippocampus Networks" (arXiv 2510.07318), sections 3.2 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ahn_runtime.backends.base import Backend
from ahn_runtime.backends.cpu.int8_linear import Int8Linear
from ahn_runtime.model.attention import attend, score_mask
from ahn_runtime.model.qwen2 import DecoderLayer, Qwen2, Rotations
from ahn_runtime.model.rope import rope_rotation

QUERY_BLOCK_TOKENS = 1024
"""Queries that share a mask: attention costs their number times W + S + this, not L."""

HEAD_BLOCK_TOKENS = 256
"""Positions whose logits are held at once, in three or four copies."""


@dataclass(frozen=True)
class Shared:
    """What teacher and student have in common in one layer: positions below P.

    Args:
        k, v: rotated keys, and values, [Hkv, P, D].
        x: normed inputs of the positions S .. P - 1, [W, hidden]; write gates come from them.
    """

    k: Tensor
    v: Tensor
    x: Tensor


@dataclass(frozen=True)
class Window:
    """W and S of a sequence of L tokens, `length`."""

    window: int
    sinks: int
    length: int

    @property
    def first(self) -> int:
        """P, the first position with a memory."""
        return self.window + self.sinks


@torch.no_grad()
def teach(model: Qwen2, backend: Backend, ids: Tensor, view: Window) -> tuple[Tensor, list[Shared]]:
    """Full attention over a sequence.

    Args:
        backend: computes linear layers and memories, as in `Runtime.backend`.

    Returns:
        Final hidden states from P on, [T, hidden], and each layer's share for the student.
    """
    x = model.model.embed_tokens(ids)
    rotation = _rotation(model, 0, view.length, x)
    shares = []
    for layer in model.layers:
        h, q, k, v = _project(layer, x, rotation, backend)
        # Copies, so that a long sequence's rest is not kept with them.
        own = slice(0, view.first)
        shares.append(Shared(k[:, own].clone(), v[:, own].clone(), h[view.sinks : view.first]))
        x = _finish(layer, x, _attend_all(q, k, v), backend)
    final: Tensor = model.model.norm(x[view.first :])
    return final, shares


def study(
    model: Qwen2,
    backend: Backend,
    ids: Tensor,
    view: Window,
    shares: list[Shared],
    recompute: bool = False,
    strengths: Tensor | None = None,
) -> Tensor:
    """The windowed model with its memory over the positions from P on, differentiable.

    Args:
        backend: computes linear layers and memories, as in `Runtime.backend`.
        recompute: keep only the layers' inputs and compute the rest again for the gradients.
        strengths: factors on the values written, [layers, H, T]; None for 1, as a session has.

    Returns:
        Final hidden states, [T, hidden].
    """
    x = model.model.embed_tokens(ids[view.first :])
    rotation = _rotation(model, view.first, view.length, x)
    for i, (layer, share) in enumerate(zip(model.layers, shares, strict=True)):
        strength = None if strengths is None else strengths[i]
        if recompute:
            x = checkpoint(
                _student_layer,
                layer,
                backend,
                x,
                share,
                view,
                rotation,
                strength,
                use_reentrant=False,
                preserve_rng_state=False,
            )
        else:
            x = _student_layer(layer, backend, x, share, view, rotation, strength)
    final: Tensor = model.model.norm(x)
    return final


def _student_layer(
    layer: DecoderLayer,
    backend: Backend,
    x: Tensor,
    share: Shared,
    view: Window,
    rotation: Tensor,
    strength: Tensor | None,
) -> Tensor:
    h, q, k, v = _project(layer, x, rotation, backend)
    k, v = torch.cat((share.k, k), dim=1), torch.cat((share.v, v), dim=1)  # (Hkv, L, D)
    out = attend_window(q, k, v, view)
    assert layer.ahn is not None
    cell, written = layer.ahn.fn, slice(view.sinks, view.length - view.window)
    gates = backend.write_gates(cell, torch.cat((share.x, h))[: len(h)])
    keys, values = (_repeat(layer, t[:, written]) for t in (k, v))
    if strength is not None:
        values = values * strength[..., None]
    heads, _, dim = q.shape
    empty = torch.zeros(heads, dim, dim, device=q.device)
    added, _ = backend.memory_step(cell, q, keys, values, gates, h, empty)
    return _finish(layer, x, out + added.to(out.dtype), backend)


def attend_window(q: Tensor, k: Tensor, v: Tensor, view: Window) -> Tensor:
    """Attention of the queries from P on over sinks and window; k, v [Hkv, L, D]."""
    window, sinks = view.window, view.sinks
    outputs = []
    for start in range(view.first, view.length, QUERY_BLOCK_TOKENS):
        end = min(start + QUERY_BLOCK_TOKENS, view.length)
        seen = slice(max(sinks, start - window + 1), end)
        keys, values = (torch.cat((t[:, :sinks], t[:, seen]), dim=1) for t in (k, v))
        at = torch.arange(view.length, device=q.device)
        at = torch.cat((at[:sinks], at[seen]))[None]
        queries = torch.arange(start, end, device=q.device)[:, None]
        mask = score_mask((at <= queries) & ((at > queries - window) | (at < sinks)))
        block = q[:, start - view.first : end - view.first]
        outputs.append(attend(block, keys, values, mask))
    return torch.cat(outputs, dim=1)


def _attend_all(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    out = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True, enable_gqa=True)
    return out[0]


def _project(
    layer: DecoderLayer, x: Tensor, rotation: Tensor, backend: Backend
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Normed input, rotated queries and keys, values."""
    h = layer.input_layernorm(x)
    heads = layer.self_attn.project(h, Rotations(rotation, None), backend)
    return h, heads.q, heads.k, heads.v


def _finish(layer: DecoderLayer, x: Tensor, mixed: Tensor, backend: Backend) -> Tensor:
    x = x + layer.self_attn.output(mixed)
    out: Tensor = x + layer.mlp(layer.post_attention_layernorm(x), backend)
    return out


def _repeat(layer: DecoderLayer, x: Tensor) -> Tensor:
    """Key/value heads repeated to the query heads."""
    return x.repeat_interleave(layer.config.num_heads // layer.config.num_kv_heads, dim=0)


def _rotation(model: Qwen2, start: int, end: int, x: Tensor) -> Tensor:
    positions = torch.arange(start, end, device=x.device)
    return rope_rotation(positions, model.config.head_dim, model.config.rope_theta, x.dtype)


@dataclass(frozen=True)
class Losses:
    """Weighted means over the scored positions, in nats.

    Args:
        divergence: KL(teacher || student), what is minimised.
        student, teacher: cross-entropy of the true next token.
    """

    divergence: float
    student: float
    teacher: float


@torch.no_grad()
def compare(
    head: torch.nn.Linear | Int8Linear,
    student: Tensor,
    teacher: Tensor,
    targets: Tensor,
    weights: Tensor,
) -> tuple[Losses, Tensor]:
    """Loss at the scored positions, and its gradient with respect to the student's states.

    The gradient is written out: the output layer is frozen and the largest of all, so this spares
    its logits' graph, and no more than a block of them exists at once.

    Args:
        student, teacher: final hidden states, [N, hidden].
        targets: the true next tokens, int64 [N].
        weights: float32 [N].

    Returns:
        The losses, and the gradient [N, hidden].
    """
    totals = torch.zeros(3, dtype=torch.float64)
    gradient = torch.empty_like(student)
    for rows in torch.arange(len(student), device=student.device).split(HEAD_BLOCK_TOKENS):
        ours, theirs = (_log_probabilities(head, t[rows]) for t in (student, teacher))
        picked = [t.gather(1, targets[rows, None])[:, 0] for t in (ours, theirs)]
        probabilities = theirs.exp()
        divergence = theirs.sub_(ours).mul_(probabilities).sum(dim=-1)
        # d KL / d logits of the student: its probabilities less the teacher's.
        slope = ours.exp_().sub_(probabilities).mul_(weights[rows, None])
        gradient[rows] = _head_gradient(head, slope)
        means = [(weights[rows] * t).sum() for t in (divergence, *(-p for p in picked))]
        totals += torch.stack(means).double().cpu()
    return Losses(*totals.tolist()), gradient


def _head_gradient(head: torch.nn.Linear | Int8Linear, above: Tensor) -> Tensor:
    if isinstance(head, Int8Linear):
        return head.gradient(above)
    return above.to(head.weight.dtype) @ head.weight


def _log_probabilities(head: torch.nn.Linear | Int8Linear, hidden: Tensor) -> Tensor:
    logits = head(hidden).float()
    return logits.sub_(logits.logsumexp(dim=-1, keepdim=True))
