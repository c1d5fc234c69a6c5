"""The model that a command takes if none is named."""

import pytest

from ahn_runtime.loading.presets import EMBEDDED_1_5B
from app.cli.open_service import chosen_model
from app.service import default_model
from app.service.default_model import ModelChoice
from app.settings import ModelOptions


@pytest.mark.parametrize("given", [{}, {"model": "auto"}])
def test_without_a_name_the_machine_decides(monkeypatch, given):
    choice = ModelChoice(EMBEDDED_1_5B, "it suffices")
    monkeypatch.setattr(default_model, "default_model", lambda: choice)
    assert chosen_model({**given, "window": 512}) == ModelOptions("embedded-1.5b", window=512)


def test_a_named_model_is_taken():
    assert chosen_model({"model": "embedded"}) == ModelOptions("embedded")
