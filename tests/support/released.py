"""The shapes of the released base models, as their `config.json` on the hub gives them."""

from ahn_runtime.config import ModelConfig


def _config(hidden: int, mlp: int, layers: int, heads: int, kv_heads: int, vocab: int):
    return ModelConfig(
        hidden_size=hidden,
        intermediate_size=mlp,
        num_layers=layers,
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=hidden // heads,
        vocab_size=vocab,
        rms_norm_eps=1e-6,
        rope_theta=1e6,
    )


RELEASED = {
    "3B": _config(2048, 11008, 36, 16, 2, 151_936),
    "7B": _config(3584, 18944, 28, 28, 4, 152_064),
    "14B": _config(5120, 13824, 48, 40, 8, 152_064),
}
