"""The teacher's and the student's forward pass over a whole sequence, and the loss between them.

The teacher is the base model with full attention. The student computes what a session computes, as
one differentiable pass: in each layer, attention over sinks and window, plus the memory's output
for query t after position t - W was written. With a retained set of R tokens (`training.retained`),
that position competes with the retained ones, and what is lost then is written.

Below position P = W + S + R teacher and student are equal, because a causal layer sees no later
position. So the teacher runs first and keeps, for each layer, what the student needs of those
positions. The student then runs over the positions from P on, and only these have gradients.

Shapes: x [T, hidden]; q [H, T, D]; k, v [Hkv, T, D]. T = L - P is the number of positions from P
on, and also the number of positions written to the memory: without a retained set S .. L - W - 1.

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
from ahn_runtime.config import StreamConfig
from ahn_runtime.model.attention import attend, score_mask
from ahn_runtime.model.qwen2 import DecoderLayer, Qwen2, Rotations
from ahn_runtime.model.rope import rope_rotation
from training.retained import attend_retained, choose_retained

QUERY_BLOCK_TOKENS = 1024
"""Queries per attention block: each block has at most W + S + QUERY_BLOCK_TOKENS keys, not L."""

HEAD_BLOCK_TOKENS = 256
"""Positions whose logits are in memory at once, in three or four copies."""


@dataclass(frozen=True)
class Shared:
    """One layer's tensors at the positions below P, where teacher and student are equal.

    Args:
        k, v: rotated keys, and values, [Hkv, P, D].
        x: normed inputs of the positions S .. P - 1, [W + R, hidden]; their write gates are
            computed from them.
        q: rotated queries, [H, P, D], which decide what is retained; None without a retained set.
    """

    k: Tensor
    v: Tensor
    x: Tensor
    q: Tensor | None = None


@dataclass(frozen=True)
class Window:
    """The window of a sequence.

    Args:
        window, sinks: W and S.
        length: L, tokens of the sequence.
        retain: R.
    """

    window: int
    sinks: int
    length: int
    retain: int = 0

    @property
    def first(self) -> int:
        """P, the first position with a memory."""
        return self.window + self.sinks + self.retain

    @property
    def stream(self) -> StreamConfig:
        """How a session with it holds its tokens."""
        return StreamConfig(self.window, self.sinks, None, retain=self.retain)


@torch.no_grad()
def teacher_forward(
    model: Qwen2, backend: Backend, ids: Tensor, view: Window
) -> tuple[Tensor, list[Shared]]:
    """Run the base model with full attention over a sequence, without gradients.

    Args:
        backend: computes linear layers and memories, as in `Runtime.backend`.
        ids: token ids, int64 [L].
        view: W, S and R of the student.

    Returns:
        Final hidden states from P on, [T, hidden], and what the student needs of each layer.
    """
    x = model.model.embed_tokens(ids)
    rotation = rotation_of(model, 0, view.length, x)
    shares = []
    for layer in model.layers:
        h, q, k, v = project_layer(layer, x, rotation, backend)
        # Copies, because slices would keep the tensors of the whole sequence in memory.
        own = slice(0, view.first)
        queries = q[:, own].clone() if view.retain else None
        inputs = h[view.sinks : view.first]
        shares.append(Shared(k[:, own].clone(), v[:, own].clone(), inputs, queries))
        x = finish_layer(layer, x, _attend_all(q, k, v), backend)
    final: Tensor = model.model.norm(x[view.first :])
    return final, shares


def student_forward(
    model: Qwen2,
    backend: Backend,
    ids: Tensor,
    view: Window,
    shares: list[Shared],
    recompute: bool = False,
    strengths: Tensor | None = None,
    memory_scale: float = 1.0,
) -> Tensor:
    """Run the model with window and memory, if any, over the positions from P on, differentiably.

    Args:
        backend: computes linear layers and memories, as in `Runtime.backend`.
        ids: token ids, int64 [L].
        view: W, S and R.
        shares: each layer's tensors below P, from `teacher_forward`.
        recompute: keep only the layers' inputs and recompute the rest in the backward pass.
        strengths: factors on the values written to the memory, in the order of the writes,
            [layers, H, T]; None for 1, which is what a session computes.
        memory_scale: factor of what the memory adds, as a session has it.

    Returns:
        Final hidden states, [T, hidden].
    """
    x = model.model.embed_tokens(ids[view.first :])
    rotation = rotation_of(model, view.first, view.length, x)
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
                memory_scale,
                use_reentrant=False,
                preserve_rng_state=False,
            )
        else:
            x = _student_layer(layer, backend, x, share, view, rotation, strength, memory_scale)
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
    memory_scale: float,
) -> Tensor:
    h, q, k, v = project_layer(layer, x, rotation, backend)
    k, v = torch.cat((share.k, k), dim=1), torch.cat((share.v, v), dim=1)  # (Hkv, L, D)
    if share.q is None:
        out, lost = attend_window(q, k, v, view), None
    else:
        retained = choose_retained(torch.cat((share.q, q), dim=1), k, view.stream)
        out, lost = attend_retained(q, k, v, retained, view.first), retained.lost
    if layer.ahn is None:
        return finish_layer(layer, x, out, backend)
    cell, inputs = layer.ahn.fn, torch.cat((share.x, h))  # of the positions from S on
    if lost is None:
        written = slice(view.sinks, view.length - view.window)
        gates = backend.write_gates(cell, inputs[: len(h)])
        keys, values = (_repeat(layer, t[:, written]) for t in (k, v))
    else:
        lost = _repeat(layer, lost)  # by query heads, [H, T]
        gates = backend.write_gates(cell, inputs)
        gates = gates.gather(1, (lost - view.sinks).T.expand(len(gates), -1, -1))
        at = lost[..., None].expand(-1, -1, k.shape[2])
        keys, values = (_repeat(layer, t).gather(1, at) for t in (k, v))
    if strength is not None:
        values = values * strength[..., None]
    heads, _, dim = q.shape
    empty = torch.zeros(heads, dim, dim, device=q.device)
    added, _ = backend.memory_step(cell, q, keys, values, gates, h, empty)
    return finish_layer(layer, x, out + memory_scale * added.to(out.dtype), backend)


def attend_window(q: Tensor, k: Tensor, v: Tensor, view: Window) -> Tensor:
    """Attention of the queries from P on over sinks and window.

    Args:
        q: [H, T, D].
        k, v: [Hkv, L, D].

    Returns:
        [H, T, D].
    """
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


def project_layer(
    layer: DecoderLayer, x: Tensor, rotation: Tensor, backend: Backend
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Normed input, rotated queries and keys, values."""
    h = layer.input_layernorm(x)
    heads = layer.self_attn.project(h, Rotations(rotation, None), backend)
    return h, heads.q, heads.k, heads.v


def finish_layer(layer: DecoderLayer, x: Tensor, mixed: Tensor, backend: Backend) -> Tensor:
    """What comes after a layer's attention: x [T, hidden], its heads' outputs [H, T, D]."""
    x = x + layer.self_attn.output(mixed)
    out: Tensor = x + layer.mlp(layer.post_attention_layernorm(x), backend)
    return out


def _repeat(layer: DecoderLayer, x: Tensor) -> Tensor:
    """Key/value heads repeated to the query heads."""
    return x.repeat_interleave(layer.config.num_heads // layer.config.num_kv_heads, dim=0)


def rotation_of(model: Qwen2, start: int, end: int, x: Tensor) -> Tensor:
    """Rotary cosines and sines at the positions from `start` on, in the dtype of x, [2, T, D]."""
    positions = torch.arange(start, end, device=x.device)
    return rope_rotation(positions, model.config.head_dim, model.config.rope_theta, x.dtype)


@dataclass(frozen=True)
class Losses:
    """Weighted means over the scored positions, in nats.

    Args:
        divergence: KL(teacher || student), the loss that is minimised.
        student, teacher: cross-entropy of the true next token.
    """

    divergence: float
    student: float
    teacher: float


@torch.no_grad()
def distillation_loss(
    head: torch.nn.Linear | Int8Linear,
    student: Tensor,
    teacher: Tensor,
    targets: Tensor,
    weights: Tensor,
) -> tuple[Losses, Tensor]:
    """Loss at the scored positions, and its gradient with respect to the student's hidden states.

    The gradient is computed explicitly, not by autograd: the output layer is frozen and the largest
    layer, so no graph of its logits is needed, and only one block of logits exists at a time.

    Args:
        head: the output layer.
        student, teacher: final hidden states at the scored positions, [N, hidden].
        targets: the true next tokens, int64 [N].
        weights: weights of the positions, float32 [N].

    Returns:
        The losses, and the gradient, [N, hidden].
    """
    totals = torch.zeros(3, dtype=torch.float64)
    gradient = torch.empty_like(student)
    for rows in torch.arange(len(student), device=student.device).split(HEAD_BLOCK_TOKENS):
        log_p, log_p_teacher = (_log_probabilities(head, t[rows]) for t in (student, teacher))
        picked = [t.gather(1, targets[rows, None])[:, 0] for t in (log_p, log_p_teacher)]
        p_teacher = log_p_teacher.exp()
        divergence = log_p_teacher.sub_(log_p).mul_(p_teacher).sum(dim=-1)
        # d KL / d logits of the student = the student's probabilities - the teacher's.
        slope = log_p.exp_().sub_(p_teacher).mul_(weights[rows, None])
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
