"""Files that are not the model they should be are refused, naming the tensor."""

import json

import pytest
from safetensors.torch import load_file, save_file

from ahn_runtime import ModelNotFound, Runtime, WeightsError
from ahn_runtime.loading.tiny import write_tiny


@pytest.fixture
def model(tmp_path):
    return write_tiny(tmp_path / "model")


def change(directory, edit):
    tensors = load_file(directory / "model.safetensors")
    edit(tensors)
    save_file(tensors, directory / "model.safetensors")


def test_a_missing_tensor_is_named(model):
    change(model, lambda t: t.pop("model.layers.1.mlp.up_proj.weight"))
    with pytest.raises(WeightsError, match=r"lacks the tensor model\.layers\.1\.mlp\.up_proj"):
        Runtime.load(model)


def test_a_wrong_shape_says_got_and_expected(model):
    name = "model.layers.0.ahn.fn.o_proj.weight"
    change(model, lambda t: t.update({name: t[name][:2].clone()}))
    with pytest.raises(WeightsError, match=r"\[2, 8, 8\], expected \[4, 8, 8\]"):
        Runtime.load(model)


def test_a_truncated_file_is_refused(model):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        Runtime.load(model)


def test_another_architecture_is_refused(model):
    raw = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**raw, "model_type": "llama"}))
    with pytest.raises(WeightsError, match="'llama'"):
        Runtime.load(model)


def test_no_model_there(tmp_path):
    with pytest.raises(ModelNotFound, match="neither a preset"):
        Runtime.load(tmp_path / "nothing")


def test_a_gguf_that_is_none_is_refused(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"not a gguf file")
    with pytest.raises(WeightsError, match="not a readable GGUF"):
        Runtime.load(tmp_path / "model.gguf")


@pytest.mark.parametrize(
    "options",
    [{"window": 0}, {"sinks": -1}, {"dtype": "int4"}, {"kv_dtype": "x"}, {"window": "big"},
     {"positions": "relative"}, {"quantize": "int3"}, {"device": "none"}, {"sinks": None},
     {"sinks": True}, {"window": 8.0}, {"window": True}, {"window": -1},
     {"retain": None}, {"retain": True}, {"retain": 1.5}, {"retain": "none"},
     {"retain": -1, "window": None}, {"retain": None, "window": None}],
    ids=str,
)  # fmt: skip
def test_bad_options_are_refused(model, options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be .*; got .*[.]$"):
        Runtime.load(model, **options)
