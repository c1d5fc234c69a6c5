"""The memories that come with Ammon: each fits its model, is finite, and adds something."""

import json

import pytest
from safetensors.torch import load_file

from ahn_runtime.loading.presets import EMBEDDED, EMBEDDED_1_5B, MEMORIES, PACKAGED
from ahn_runtime.loading.weights import read_memory_gain

# Layers, width, heads and head size of the model that each is for.
SHAPES = {
    "embedded-gdn": (24, 896, 14, 64),
    "embedded-gdn-long": (24, 896, 14, 64),
    "embedded-1.5b-gdn": (28, 1536, 12, 128),
}
KEYS = ("num_hidden_layers", "hidden_size", "num_attention_heads", "head_dim")


def test_every_memory_is_known_and_the_presets_take_theirs():
    assert {path.name for path in MEMORIES.iterdir() if path.is_dir()} == set(SHAPES)
    assert EMBEDDED.memory == MEMORIES / "embedded-gdn"
    assert EMBEDDED_1_5B.memory == MEMORIES / "embedded-1.5b-gdn"
    assert {preset.memory_status for preset in PACKAGED.values()} == {"trained"}


@pytest.mark.parametrize("name", SHAPES)
def test_a_memory_fits_its_model(name):
    folder, (layers, hidden, heads, dim) = MEMORIES / name, SHAPES[name]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert tuple(config[key] for key in KEYS) == (layers, hidden, heads, dim)
    gain = read_memory_gain(folder)
    assert 1 == gain.at(256) >= gain.at(1024) >= gain.at(2048) > 0
    tensors = load_file(folder / "model.safetensors")
    assert all(bool(x.isfinite().all()) for x in tensors.values())
    outputs = {n: x for n, x in tensors.items() if n.endswith("o_proj.weight")}
    assert len(outputs) == layers and all(bool(x.any()) for x in outputs.values())
    assert (folder / "README.md").is_file()
