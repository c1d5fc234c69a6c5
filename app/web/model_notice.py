"""The notice above the page while no model is there: how much of it is fetched, or what failed."""

from __future__ import annotations

from html import escape

from ahn_runtime.loading.embedded import PackagedModel
from ahn_runtime.loading.presets import PRESETS
from app.messages import sentence
from app.service import Service
from app.web.formatting import bar_html, size

MEANWHILE = "Add documents already: they are read as soon as it is here."


def model_notice(service: Service) -> str:
    """The notice as HTML, empty once a model is loaded. It asks the disk, not the registry."""
    if service.is_loaded:
        return ""
    if (problem := service.model_problem) is not None:
        return f'<div class="notice" role="status">{escape(sentence(problem))}</div>'
    name = service.settings.model.model
    preset = PRESETS.get(name)
    if preset is None or not isinstance(preset.base, PackagedModel) or preset.base.is_fetched():
        return f'<div class="notice" role="status">The model is being loaded. {MEANWHILE}</div>'
    here, whole = preset.base.bytes_here(), preset.base.byte_count
    return (
        '<div class="notice" role="status">The model is being fetched, once, because this is the '
        f"first start: {escape(size(here))} of {escape(size(whole))}. {MEANWHILE}"
        f"{bar_html('Fetching the model', here / whole)}</div>"
    )
