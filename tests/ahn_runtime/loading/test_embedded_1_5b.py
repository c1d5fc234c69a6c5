"""The preset embedded-1.5b: its shape on a tiny seeded file, and the real weights if fetched."""

import pytest
import torch

from ahn_runtime import Runtime
from ahn_runtime.loading.presets import EMBEDDED_1_5B
from ahn_runtime.loading.tiny import TINY, write_tiny
from tests.support.gguf_files import write_gguf
from tests.support.model import token_ids

# Its heads, key-value heads and head size; fewer layers, a narrow MLP, a vocabulary of bytes.
SHAPE = {
    **TINY,
    "hidden_size": 1536,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "rope_theta": 1e6,
}
OPTIONS = {"window": 48, "sinks": 4}


@pytest.fixture(scope="module")
def shaped(tmp_path_factory):
    """A directory with a model of this shape, and the same model as a GGUF file."""
    folder = tmp_path_factory.mktemp("shaped")
    model = write_tiny(folder / "model", None, config=SHAPE)
    return model, write_gguf(folder / "model.gguf", model)


def test_a_file_of_its_shape_is_loaded_and_read(shaped):
    model, gguf = shaped
    ids = token_ids(90)
    from_file, exact = (Runtime.load(path, **OPTIONS) for path in (gguf, model))
    assert from_file.config.head_dim == 128 and from_file.config.num_layers == 2
    logits = from_file.session().feed(ids, logits="all")
    assert torch.equal(logits, exact.session().feed(ids, logits="all"))
    assert from_file.memory_status == "none" and from_file.stream.cell is None


def test_in_int8_it_reads_token_by_token_what_it_reads_in_blocks(shaped):
    runtime, ids = Runtime.load(shaped[1], **OPTIONS, quantize="int8"), token_ids(90)
    whole = runtime.session().feed(ids, logits="all").log_softmax(-1)
    session = runtime.session()
    single = torch.cat([session.feed([i]) for i in ids]).log_softmax(-1)
    assert float((whole.exp() * (whole - single)).sum(-1).mean()) <= 1e-2
    assert float((whole.argmax(-1) == single.argmax(-1)).float().mean()) >= 0.95


BEGUN = (
    "The harbour master kept a grey parrot called Ozymandias in the tower. Every morning he said: "
    '"Good morning,'
)


@pytest.mark.slow
@pytest.mark.skipif(not EMBEDDED_1_5B.base.is_fetched(), reason="its 1.1 GB are not fetched here")
def test_the_real_weights_continue_a_text():
    runtime = Runtime.load("embedded-1.5b", quantize="int8")
    config = runtime.config
    assert (config.num_layers, config.hidden_size, config.head_dim) == (28, 1536, 128)
    assert (config.num_heads, config.num_kv_heads) == (12, 2)
    session = runtime.session()
    session.feed(runtime.tokenizer.encode(BEGUN), logits=None)
    assert "Ozymandias" in runtime.tokenizer.decode(list(session.generate(8)))
