"""Released checkpoints: parameter counts, hub ids from the hub's cache, AHN-only directories."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ahn_runtime import ModelDownloadError, ModelNotFound, Runtime, WeightsError
from ahn_runtime.loading import hub
from ahn_runtime.loading.memory_gain import MemoryGain
from ahn_runtime.loading.presets import PRESETS
from ahn_runtime.loading.tiny import write_tiny
from ahn_runtime.model.cells import CELLS, cell_class
from tests.support.released import RELEASED

COUNTS = {
    ("3B", "GatedDeltaNet"): 12_982_464,
    ("3B", "DeltaNet"): 11_801_088,
    ("3B", "Mamba2"): 11_872_512,
    ("7B", "GatedDeltaNet"): 21_280_560,
    ("7B", "DeltaNet"): 18_468_352,
    ("7B", "Mamba2"): 18_568_256,
    ("14B", "GatedDeltaNet"): 60_960_384,
    ("14B", "DeltaNet"): 51_124_224,
    ("14B", "Mamba2"): 51_371_520,
}


@pytest.mark.parametrize("size, cell", COUNTS)
def test_parameter_counts_are_the_papers(size, cell):
    config = RELEASED[size]
    with torch.device("meta"):
        module = cell_class(cell)(config)
    assert sum(p.numel() for p in module.parameters()) * config.num_layers == COUNTS[size, cell]


def test_every_released_model_has_a_preset():
    released = [p for p in PRESETS.values() if isinstance(p.memory, str)]
    assert len(released) == 9
    for preset in released:
        assert preset.window + preset.sinks == 32_768 and preset.memory_status == "trained"
        assert preset.cell in CELLS
        assert ("research" in preset.licence.lower()) is ("3B" in preset.title)


def test_the_embedded_model_brings_its_memory():
    """As it is committed: whole, small, and with its card."""
    preset = PRESETS["embedded"]
    files = {path.name: path.stat().st_size for path in preset.memory.iterdir()}
    assert set(files) == {"README.md", "config.json", "model.safetensors"}
    assert preset.memory_status == "trained" and files["model.safetensors"] < 5 << 20
    config = json.loads((preset.memory / "config.json").read_text())
    scale = MemoryGain.read(config)
    assert config["_ahn_implementation"] == preset.cell and 0 < scale.at(preset.window) <= 1


@pytest.fixture
def hub_cache(monkeypatch, tmp_path):
    """A cache as the hub's client lays it out, and no network."""
    cache = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return cache


def put_in_cache(cache: Path, hub_id: str, files: Path) -> Path:
    folder = cache / f"models--{hub_id.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    snapshot = folder / "snapshots" / ("0" * 40)
    shutil.copytree(files, snapshot)
    return snapshot


def memory_only(directory: Path, cell: str) -> Path:
    """The released AHN-only layout, taken out of a merged model."""
    merged = write_tiny(directory / "merged", cell, seed=3)
    tensors = load_file(merged / "model.safetensors")
    alone = directory / "memory"
    alone.mkdir()
    save_file({n: t for n, t in tensors.items() if ".ahn." in n}, alone / "model.safetensors")
    shutil.copy(merged / "config.json", alone)
    return alone


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_base_and_a_memory_from_the_hub_equal_the_merged_model(hub_cache, tmp_path, cell):
    base = write_tiny(tmp_path / "base", None, seed=3)
    alone = memory_only(tmp_path, cell)
    merged_tensors = load_file(tmp_path / "merged" / "model.safetensors")
    save_file(
        {n: t for n, t in merged_tensors.items() if ".ahn." not in n}, base / "model.safetensors"
    )
    put_in_cache(hub_cache, "someone/tiny-base", base)
    put_in_cache(hub_cache, "someone/tiny-memory", alone)
    options = {"window": 24, "sinks": 4}
    apart = Runtime.load("someone/tiny-base", ahn="someone/tiny-memory", **options)
    merged = Runtime.load(tmp_path / "merged", **options)
    assert apart.stream.cell == cell and apart.memory_status == "trained"
    ids = list(range(90))
    assert torch.equal(apart.session().feed(ids), merged.session().feed(ids))


def test_a_preset_takes_its_base_memory_window_and_sinks(hub_cache, tmp_path):
    preset = PRESETS["qwen2.5-3b-mamba2"]
    put_in_cache(hub_cache, preset.base, write_tiny(tmp_path / "base", None))
    put_in_cache(hub_cache, preset.memory, memory_only(tmp_path, "Mamba2"))
    runtime = Runtime.load("qwen2.5-3b-mamba2")
    assert (runtime.stream.window, runtime.stream.sinks) == (32_640, 128)
    assert runtime.stream.cell == "Mamba2" and runtime.title == preset.title


def test_a_file_that_the_hub_does_not_have_is_reported(hub_cache):
    with pytest.raises(ModelDownloadError, match="someone/nothing could not be fetched"):
        Runtime.load("someone/nothing")
    assert hub.find_on_disk("someone/nothing") is None


def test_an_interrupted_fetch_is_not_taken_for_whole(hub_cache, tmp_path):
    snapshot = put_in_cache(hub_cache, "someone/half", write_tiny(tmp_path / "base", None))
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(ModelDownloadError, match="someone/half"):
        Runtime.load("someone/half")


def test_a_memory_that_does_not_exist_is_reported(tiny_dir):
    with pytest.raises(ModelNotFound, match="no directory and no hub id"):
        Runtime.load(tiny_dir, ahn="not/a/memory")


def test_a_memory_of_another_model_names_the_tensor_got_and_expected(tmp_path):
    alone = memory_only(tmp_path, "DeltaNet")
    tensors = load_file(alone / "model.safetensors")
    name = "model.layers.0.ahn.fn.b_proj.weight"
    tensors[name] = tensors[name][:, :16].clone()
    save_file(tensors, alone / "model.safetensors")
    base = write_tiny(tmp_path / "base", None)
    with pytest.raises(WeightsError, match=r"b_proj\.weight has shape \[4, 16\], expected \[4, 32"):
        Runtime.load(base, ahn=alone)


def test_shards_equal_one_file(tmp_path):
    whole = write_tiny(tmp_path / "whole")
    tensors = load_file(whole / "model.safetensors")
    sharded = tmp_path / "sharded"
    shutil.copytree(whole, sharded)
    (sharded / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({n: tensors[n] for n in part}, sharded / file)
    index = {"weight_map": {n: file for file, part in parts.items() for n in part}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    runtimes = [Runtime.load(d, window=24, sinks=4) for d in (whole, sharded)]
    a, b = (r.session().feed(list(range(60))) for r in runtimes)
    assert torch.equal(a, b)
    (sharded / "b.safetensors").unlink()
    with pytest.raises(WeightsError, match="b.safetensors"):
        Runtime.load(sharded)
