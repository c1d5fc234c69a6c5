"""The rule that chooses the model of new sessions, and what is said before one is fetched."""

from dataclasses import replace

import pytest

from ahn_runtime.loading.presets import EMBEDDED, EMBEDDED_1_5B, PACKAGED
from app.service import default_model
from app.service.default_model import ABOUT, Machine, choose_model, fetch_sentence
from app.settings import ModelOptions

ENOUGH = Machine(cores=8, memory_bytes=16 << 30, free_disk_bytes=100 << 30)


def test_the_larger_model_is_the_default_where_the_machine_suffices_and_it_is_fetched():
    choice = choose_model(ENOUGH, is_larger_fetched=True)
    assert choice.preset is EMBEDDED_1_5B and choice.offered is None
    full = replace(ENOUGH, free_disk_bytes=0)
    assert choose_model(full, is_larger_fetched=True).preset is EMBEDDED_1_5B


def test_it_is_offered_and_not_taken_until_it_is_fetched():
    choice = choose_model(ENOUGH, is_larger_fetched=False)
    assert choice.preset is EMBEDDED and choice.offered is EMBEDDED_1_5B
    assert "1.12 GB" in choice.reason and "--model embedded-1.5b" in choice.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cores": 4}, "6 cores (here 4)"),
        ({"memory_bytes": 8 << 30}, "12 GiB of memory (here 8 GiB)"),
        ({"free_disk_bytes": 2 << 30}, "5 GiB of free disk (here 2 GiB)"),
        ({"has_gpu": True}, "has not been measured on a GPU"),
    ],
)
def test_a_machine_that_lacks_something_gets_the_smaller_one_and_is_told_what(change, reason):
    choice = choose_model(replace(ENOUGH, **change), is_larger_fetched=False)
    assert choice.preset is EMBEDDED and choice.offered is None and reason in choice.reason


def test_this_machine_is_seen_as_it_is(tmp_path, monkeypatch):
    here = Machine.here()
    assert here.cores >= 1 and here.free_disk_bytes > 0
    (tmp_path / "memory.max").write_text(f"{1 << 30}\n")
    monkeypatch.setattr(default_model, "CGROUP_LIMIT", tmp_path / "memory.max")
    assert Machine.here().memory_bytes == 1 << 30, "a container's limit counts"
    (tmp_path / "memory.max").write_text("max\n")
    assert Machine.here().memory_bytes > 1 << 30


def test_size_source_and_the_smaller_model_are_said_before_a_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("AMMON_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(default_model, "registry_address", lambda: "https://example.org/simple")
    said = fetch_sentence(EMBEDDED_1_5B)
    assert "1.12 GB in 22 wheels from https://example.org/simple" in said
    assert "--model embedded" in said and "491 MB" in said and str(tmp_path) in said
    assert "smaller" not in fetch_sentence(EMBEDDED)


def test_every_embedded_model_is_described_and_has_a_memory():
    assert set(ABOUT) == set(PACKAGED)
    assert all(preset.memory_status == "trained" for preset in PACKAGED.values())


def test_sessions_without_a_named_model_in_their_options_have_the_smaller_one():
    """As they were all made before there were two."""
    assert ModelOptions().model == EMBEDDED.name
