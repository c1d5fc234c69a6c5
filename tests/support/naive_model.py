"""The model by its definition, layer by layer over a whole text, without a cache.

Nothing of the session, the ring, the blocks or the chunked recurrences is used: keys, values and
gates of every position are kept, what a query sees is picked by its definition, and the memory is
the plain loop over the positions that left the window.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ahn_runtime import Runtime
from ahn_runtime.model import retained as retained_set
from ahn_runtime.model.cells.base import l2_norm
from ahn_runtime.model.rope import rope_rotation, rotate
from ahn_runtime.ops.delta_rule import naive_delta_rule
from ahn_runtime.ops.gated_delta_rule import naive_gated_delta_rule
from ahn_runtime.ops.gated_linear_attention import naive_gated_linear_attention

QUERIES_AT_ONCE = 4096


@torch.inference_mode()
def logits_by_definition(runtime: Runtime, ids: Tensor) -> Tensor:
    """Logits at every position, [T, vocab]."""
    model, config, stream = runtime.model, runtime.config, runtime.stream
    dim, group = config.head_dim, config.num_heads // config.num_kv_heads
    x = model.model.embed_tokens(ids)
    rotation = rope_rotation(torch.arange(len(ids)), dim, config.rope_theta, x.dtype)
    for layer in model.model.layers:
        h, attn = layer.input_layernorm(x), layer.self_attn
        q, k, v = (
            proj(h).unflatten(-1, (-1, dim)).transpose(0, 1)
            for proj in (attn.q_proj, attn.k_proj, attn.v_proj)
        )
        if config.qk_norm:
            q, k = attn.q_norm(q), attn.k_norm(k)
        q, k = rotate(q, rotation), rotate(k, rotation)
        k, v = (t.repeat_interleave(group, dim=0) for t in (k, v))
        if stream.retain:
            out, gone, first = _retaining(q, k[::group], v[::group], stream)
        else:
            out = _attention(q, k, v, stream.window, stream.sinks)
            first = stream.window + stream.sinks  # the first query that has a memory
            gone = [torch.arange(stream.sinks, len(ids) - stream.window)] * config.num_kv_heads
        if stream.cell and len(ids) > first:
            k_gone, v_gone = (
                torch.cat([t[i * group : (i + 1) * group, of] for i, of in enumerate(gone)])
                for t in (k, v)
            )
            out[:, first:] += _memory(
                stream.cell,
                layer.ahn.fn,
                q[:, first:],
                k_gone,
                v_gone,
                [h[of] for of in gone],
                h[first:],
            )
        x = x + attn.o_proj(out.transpose(0, 1).flatten(1))
        h, mlp = layer.post_attention_layernorm(x), layer.mlp
        x = x + mlp.down_proj(F.silu(mlp.gate_proj(h)) * mlp.up_proj(h))
    return model.lm_head(model.model.norm(x))


def _attention(q: Tensor, k: Tensor, v: Tensor, window: int, sinks: int) -> Tensor:
    rows = []
    for start in range(0, q.shape[1], QUERIES_AT_ONCE):
        t = torch.arange(start, min(start + QUERIES_AT_ONCE, q.shape[1]))[:, None]
        sink = torch.arange(sinks)[None].expand(len(t), -1)
        recent = t - torch.arange(window)[None]
        seen = torch.cat((sink, recent), dim=1)  # (T, S + W)
        counted = torch.cat((sink <= t, recent >= sinks), dim=1)
        at = seen.clamp(min=0)
        scores = (k[:, at] @ q[:, start : start + len(t), :, None])[..., 0] * q.shape[-1] ** -0.5
        weights = scores.masked_fill(~counted, -torch.inf).softmax(dim=-1)
        rows.append((weights[:, :, None] @ v[:, at])[:, :, 0])
    return torch.cat(rows, dim=1)


def _retaining(q: Tensor, k: Tensor, v: Tensor, stream) -> tuple[Tensor, list[Tensor], int]:
    """Attention with a retained set, token by token, head by head.

    Returns:
        Outputs [H, T, D]; for each key/value head the positions that it loses, in order; and the
        first query at which one is lost.
    """
    window, sinks, tokens = stream.window, stream.sinks, q.shape[1]
    group, cell = len(q) // len(k), min(256, max(1, window // 4))
    every = -(-cell // retained_set.MAX_COUNTED)
    out, gone = torch.zeros_like(q), []
    for head in range(len(k)):
        of = slice(head * group, (head + 1) * group)
        received = torch.zeros(1 + tokens // cell, tokens)  # in each cell, by each position
        strength = torch.zeros(tokens)
        retained: list[int] = []
        lost: list[int] = []
        for t in range(tokens):
            if t - window >= sinks:
                retained.append(t - window)
                if len(retained) > stream.retain:
                    lost.append(min(retained, key=lambda p: (strength[p].item(), p)))
                    retained.remove(lost[-1])
            recent = range(max(sinks, t - window + 1), t + 1)
            seen = torch.tensor([*range(min(sinks, t + 1)), *sorted(retained), *recent])
            weights = (q[of, t] @ k[head, seen].T * q.shape[2] ** -0.5).softmax(dim=-1)
            out[of, t] = weights @ v[head, seen]
            if t % every == 0:  # of the heads one after the other
                received[t // cell, seen] += weights[t // every % group]
            if t % cell == cell - 1:
                ages = torch.arange(t // cell, -1, -1)  # of the cells, the latest is 0
                shares = 0.98 ** (ages * cell / 64)
                for p in range(t + 1):
                    since = slice(p // cell, t // cell + 1)
                    total = (received[since, p] * shares[since]).sum() / shares[since].sum()
                    strength[p] = total / cell
        gone.append(torch.tensor(lost, dtype=torch.int64))
    return out, gone, sinks + window + stream.retain


def _memory(
    kind: str, cell, q: Tensor, k: Tensor, v: Tensor, x_gone: list[Tensor], x_now: Tensor
) -> Tensor:
    """`x_gone`: for each key/value head, the hidden states of the tokens that it has lost."""
    group = len(q) // len(x_gone)

    def project(linear) -> Tensor:
        """Of the lost tokens, [E, H]: a head's column from the tokens that it has lost."""
        parts = [linear(x)[:, i * group : (i + 1) * group] for i, x in enumerate(x_gone)]
        return torch.cat(parts, dim=1)

    gate = F.silu(cell.g_proj(x_now)).T[..., None]
    empty = torch.zeros(q.shape[0], q.shape[2], q.shape[2])
    if kind == "Mamba2":
        dt = F.softplus(project(cell.dt_proj) + cell.dt_bias).T
        unit = F.normalize(k, dim=-1) * dt[..., None]
        decay = -cell.A_log.exp()[:, None] * dt
        y, _ = naive_gated_linear_attention(F.normalize(q, dim=-1), unit, v, decay, empty)
        whole = (y * gate).transpose(0, 1).flatten(1)
        whole = F.rms_norm(whole, whole.shape[-1:], cell.norm.weight, 1e-5)
        y = whole.unflatten(1, (q.shape[0], -1)).transpose(0, 1)
    else:
        beta = project(cell.b_proj).sigmoid().T
        query, key = l2_norm(q) * q.shape[-1] ** -0.5, l2_norm(k)
        if kind == "DeltaNet":
            y, _ = naive_delta_rule(query, key, v, beta, empty)
        else:
            step = F.softplus(project(cell.a_proj) + cell.dt_bias).T
            decay = -cell.A_log.exp()[:, None] * step
            y, _ = naive_gated_delta_rule(query, key, v, beta, decay, empty)
        y = F.rms_norm(y, y.shape[-1:], cell.o_norm.weight, 1e-5) * gate
    return torch.einsum("htd,hde->hte", y, cell.o_proj.weight)
