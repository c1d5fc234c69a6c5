"""Law 4 on disk: what is saved and loaded goes on bit for bit, in a new process too."""

import copy
import hashlib
import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load, save

from ahn_runtime import (
    CheckpointVersionError,
    DamagedCheckpoint,
    ModelMismatchError,
    load_checkpoint,
    save_checkpoint,
)
from ahn_runtime.checkpoint import PAGE_TOKENS
from ahn_runtime.model.cache import LayerState
from tests.support.paths import ROOT

WINDOW, SINKS = 2 * PAGE_TOKENS + 37, 11


def token_ids(count: int) -> torch.Tensor:
    return torch.randint(0, 259, (count,), generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module", params=[0, 130], ids=["", "retaining"])
def runtime(load_each, request):
    return load_each(WINDOW, SINKS, retain=request.param)


def saved(session):
    """A checkpoint as storage would give it back: JSON and bytes."""
    checkpoint = save_checkpoint(session)
    return json.loads(json.dumps(checkpoint.manifest)), dict(checkpoint.pages)


@pytest.mark.parametrize("read", [0, 1, SINKS, 255, 256, 257, WINDOW + SINKS, 1300, 2048])
def test_a_loaded_checkpoint_continues_bit_for_bit(runtime, read):
    ids, session = token_ids(read + 300), runtime.session()
    session.feed(ids[:read], logits=None)
    manifest, pages = saved(session)
    loaded = load_checkpoint(runtime, manifest, pages.__getitem__)
    assert loaded.tokens_seen == read and loaded.cache_bytes == session.cache_bytes
    assert loaded.state.flops == session.state.flops
    if read:
        assert torch.equal(loaded.next_logits(), session.next_logits())
    rest = ids[read:]
    assert torch.equal(loaded.feed(rest, logits="all"), session.feed(rest, logits="all"))
    assert list(loaded.generate(4)) == list(session.generate(4))


def test_bf16_keys_and_values_are_kept_as_they_are(load_each):
    runtime, session_ids = load_each(40, 3, kv_dtype="bfloat16"), token_ids(200)
    session = runtime.session()
    session.feed(session_ids[:150])
    manifest, pages = saved(session)
    loaded = load_checkpoint(runtime, manifest, pages.__getitem__)
    assert torch.equal(loaded.feed(session_ids[150:]), session.feed(session_ids[150:]))


def test_consecutive_checkpoints_share_pages_and_each_restores(runtime):
    ids, session, store = token_ids(3000), runtime.session(), {}
    manifests, shared, last = [], [], None
    for part in ids.split(300):
        session.feed(part, logits=None)
        checkpoint = save_checkpoint(session, last)
        last = checkpoint.manifest
        store.update(checkpoint.pages)
        shared.append(len(checkpoint.page_hashes) - len(checkpoint.pages))
        manifests.append((checkpoint.manifest, session.fork()))
    assert min(shared[1:]) >= 1
    for manifest, fork in manifests:
        loaded = load_checkpoint(runtime, manifest, store.__getitem__)
        assert torch.equal(loaded.feed(ids[:50]), fork.feed(ids[:50]))


def test_a_restored_session_still_shares_pages(runtime):
    session = runtime.session()
    session.feed(token_ids(1024), logits=None)
    manifest, _ = saved(session)
    again = save_checkpoint(session, manifest)
    whole = {p["hash"] for p in manifest["kv_pages"] if p["count"] == PAGE_TOKENS}
    assert again.manifest["kv_pages"] == manifest["kv_pages"]
    assert len(whole) == 2 and not whole & set(again.pages)


SCRIPT = """
import json, sys, torch
from pathlib import Path
from ahn_runtime import Runtime, load_checkpoint
folder, model, (window, sinks, retain) = Path(sys.argv[1]), sys.argv[2], map(int, sys.argv[3:])
runtime = Runtime.load(model, window=window, sinks=sinks, retain=retain)
manifest = json.loads((folder / "manifest.json").read_text())
session = load_checkpoint(runtime, manifest, lambda h: (folder / h).read_bytes())
logits = session.feed(list(range(200)), logits="all")
(folder / "logits.bin").write_bytes(logits.numpy().tobytes())
"""


def test_a_new_process_gives_the_same_bits(runtime, tiny_dirs, tmp_path):
    session = runtime.session()
    session.feed(token_ids(1000), logits=None)
    manifest, pages = saved(session)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    for page_hash, blob in pages.items():
        (tmp_path / page_hash).write_bytes(blob)
    retain = runtime.stream.retain
    arguments = tmp_path, tiny_dirs[runtime.stream.cell], WINDOW, SINKS, retain
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    subprocess.run(command, check=True, cwd=ROOT)
    expected = session.feed(list(range(200)), logits="all").numpy().tobytes()
    assert (tmp_path / "logits.bin").read_bytes() == expected


@pytest.fixture
def checkpoint(runtime):
    session = runtime.session()
    session.feed(token_ids(600), logits=None)
    return saved(session)


def test_another_retained_set_is_refused_by_name(checkpoint, load_each):
    manifest, pages = checkpoint
    other = 0 if "retain" in manifest["identity"] else 5
    with pytest.raises(ModelMismatchError, match="retain"):
        load_checkpoint(load_each(WINDOW, SINKS, retain=other), manifest, pages.__getitem__)


def test_a_checkpoint_of_a_retained_set_is_of_a_newer_format(checkpoint):
    manifest, _ = checkpoint
    has_one = "retain" in manifest["identity"]
    assert manifest["format_version"] == (2 if has_one else 1)
    assert ("retained_pages" in manifest) == ("attention_page" in manifest) == has_one


@pytest.mark.parametrize("spoil", ["missing", "shape", "position", "attention"])
def test_a_damaged_retained_set_is_refused(load_each, spoil):
    runtime = load_each(WINDOW, SINKS, retain=20)
    session = runtime.session()
    session.feed(token_ids(700), logits=None)
    manifest, pages = saved(session)
    first = load(pages[manifest["retained_pages"][0]])
    if spoil == "position":
        first["retained"][0, 0] = 700 - WINDOW
    if spoil == "shape":
        first["k"] = first["k"][:, 1:].contiguous()
    blob = save(first)
    page_hash = hashlib.sha256(blob).hexdigest()
    changed = {
        "missing": {"retained_pages": manifest["retained_pages"][:-1]},
        "shape": {"retained_pages": [page_hash, *manifest["retained_pages"][1:]]},
        "position": {"retained_pages": [page_hash, *manifest["retained_pages"][1:]]},
        "attention": {"attention_page": manifest["retained_pages"][0]},
    }[spoil]
    with pytest.raises(DamagedCheckpoint):
        load_checkpoint(runtime, {**manifest, **changed}, {**pages, page_hash: blob}.__getitem__)


def put(pages, tensors):
    """Add a page to `pages`: its hash."""
    blob = save(tensors)
    page_hash = hashlib.sha256(blob).hexdigest()
    pages[page_hash] = blob
    return page_hash


def kv_entry(pages, like, number, positions):
    """Add a page of zeros for some positions: its entry in the manifest."""
    tensors = {name: torch.zeros_like(like[name][:, :, :1]) for name in ("k", "v", "gates")}
    tensors = {n: t.expand(-1, -1, len(positions), -1).contiguous() for n, t in tensors.items()}
    tensors["positions"] = torch.tensor(positions, dtype=torch.int64)
    return {"page": number, "hash": put(pages, tensors), "count": len(positions)}


@pytest.mark.parametrize("lie", ["retained", "layers", "empty", "repeated"])
def test_a_cache_does_not_grow_for_what_no_page_has(load_tiny, monkeypatch, lie):
    """A small file from outside may say that it holds millions of tokens."""
    ring, claimed = PAGE_TOKENS, 40 * PAGE_TOKENS
    retain = claimed if lie in ("retained", "layers") else 0
    runtime = load_tiny(claimed if not retain else ring, 0, retain=retain)
    small = load_tiny(ring, 0, retain=8).session()
    small.feed(token_ids(2 * ring), logits=None)
    manifest, pages = saved(small)
    manifest |= {"identity": runtime.identity, "tokens_seen": claimed}
    like = load(pages[manifest["kv_pages"][0]["hash"]])
    first = claimed - (ring if retain else claimed)
    numbers = range(first // PAGE_TOKENS, claimed // PAGE_TOKENS)
    held = {n: list(range(n * PAGE_TOKENS, (n + 1) * PAGE_TOKENS)) for n in numbers}
    if lie == "empty":  # as many pages as the positions need, most with one position or two
        held = {n: positions[: 1 + n % 2] for n, positions in held.items()}
    entries = [kv_entry(pages, like, n, positions) for n, positions in held.items()]
    manifest["kv_pages"] = [entries[0]] * len(entries) if lie == "repeated" else entries
    if lie == "layers":
        attention = load(pages[manifest["attention_page"]])["attention"]
        attention = attention[..., :1].expand(-1, -1, -1, claimed).contiguous()
        manifest["attention_page"] = put(pages, {"attention": attention})
        one = load(pages[manifest["retained_pages"][0]])
        filled = claimed - ring
        one = {n: t[:, :1].repeat_interleave(filled, 1).contiguous() for n, t in one.items()}
        manifest["retained_pages"] = [put(pages, one)] * len(small.state.layers)
    grow, asked = LayerState.grow, []
    monkeypatch.setattr(
        LayerState, "grow", lambda layer, *sizes: (asked.append(sizes), grow(layer, *sizes))[1]
    )
    with pytest.raises(DamagedCheckpoint):
        load_checkpoint(runtime, manifest, pages.__getitem__)
    assert asked == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e-3])
@pytest.mark.parametrize("read", [9, 700])
def test_a_strength_that_is_none_is_refused(load_tiny, read, value):
    runtime = load_tiny(WINDOW, SINKS, retain=20)
    session = runtime.session()
    session.feed(token_ids(read), logits=None)
    manifest, pages = saved(session)
    attention = load(pages[manifest["attention_page"]])["attention"]
    attention[-1, 0, 0, -1] = value
    manifest["attention_page"] = put(pages, {"attention": attention})
    with pytest.raises(DamagedCheckpoint, match="is damaged .* use an earlier checkpoint"):
        load_checkpoint(runtime, manifest, pages.__getitem__)


@pytest.mark.parametrize("spoil", ["order", "another page's", "hidden"])
def test_a_page_of_another_place_is_refused(runtime, checkpoint, spoil):
    manifest, pages = copy.deepcopy(checkpoint)
    if spoil == "hidden":
        manifest["hidden_page"] = put(pages, {"last_hidden": torch.zeros(3)})
    else:
        entry = manifest["kv_pages"][1]
        page = load(pages[entry["hash"]])
        if spoil == "order":
            page["positions"][1] = page["positions"][0]
        else:
            page["positions"] += PAGE_TOKENS
        entry["hash"] = put(pages, page)
    with pytest.raises(DamagedCheckpoint, match="earlier"):
        load_checkpoint(runtime, manifest, pages.__getitem__)


def test_another_window_is_refused_by_name(runtime, checkpoint, load_each):
    manifest, pages = checkpoint
    retain = runtime.stream.retain
    with pytest.raises(ModelMismatchError, match="window"):
        load_checkpoint(load_each(WINDOW + 1, SINKS, retain=retain), manifest, pages.__getitem__)


def test_a_newer_format_is_refused(runtime, checkpoint):
    manifest, pages = checkpoint
    with pytest.raises(CheckpointVersionError, match="Update Ammon"):
        load_checkpoint(runtime, {**manifest, "format_version": 99}, pages.__getitem__)


@pytest.mark.parametrize("spoil", ["flip", "cut", "other"])
def test_a_damaged_page_is_refused(runtime, checkpoint, spoil):
    manifest, pages = checkpoint
    page_hash = manifest["kv_pages"][1]["hash"]
    blob = bytearray(pages[page_hash])
    blob[len(blob) // 2] ^= 1
    spoiled = {"flip": bytes(blob), "cut": bytes(blob[:-9]), "other": b"nonsense"}[spoil]
    with pytest.raises(DamagedCheckpoint, match="damaged"):
        load_checkpoint(runtime, manifest, {**pages, page_hash: spoiled}.__getitem__)


@pytest.mark.parametrize(
    "change",
    [
        {"kv_pages": []},
        {"tokens_seen": "many"},
        {"tokens_seen": 10_000},
        {"memory_page": "0" * 64},
        {"format": "other"},
        {"format_version": None},
        {"prefix_hash": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_manifest_that_does_not_add_up_is_refused(runtime, checkpoint, change):
    manifest, pages = checkpoint
    with pytest.raises(DamagedCheckpoint):
        load_checkpoint(runtime, {**manifest, **change}, pages.__getitem__)


@pytest.mark.parametrize("page, name", [("memory_page", "memory"), ("hidden_page", "last_hidden")])
@pytest.mark.parametrize("spoil", ["missing", "nan", "whole numbers"])
def test_a_missing_or_senseless_memory_or_hidden_state_is_refused(load_each, page, name, spoil):
    runtime = load_each(WINDOW, SINKS)
    session = runtime.session()
    session.feed([1] * 60, logits=None)
    saved = save_checkpoint(session)
    pages, manifest = dict(saved.pages), dict(saved.manifest)
    if spoil == "missing":
        manifest[page] = ""
    else:
        tensor = load(pages[manifest[page]])[name]
        tensor = tensor.long() if spoil == "whole numbers" else tensor.fill_(torch.nan)
        blob = save({name: tensor})
        manifest[page] = hashlib.sha256(blob).hexdigest()
        pages[manifest[page]] = blob
    with pytest.raises(DamagedCheckpoint, match="earlier"):
        load_checkpoint(runtime, manifest, pages.__getitem__)
