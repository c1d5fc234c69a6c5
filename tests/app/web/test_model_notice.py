"""The notice while no model is there: how much is fetched, that it is loaded, or what failed."""

from dataclasses import replace

import pytest

from ahn_runtime import ModelDownloadError
from ahn_runtime.loading.presets import PRESETS
from app.service import Service
from app.settings import ModelOptions, Settings
from app.web.model_notice import model_notice


def test_the_notice_follows_the_fetch_and_ends_with_the_model(
    tmp_path, monkeypatch, shared_processes, load_tiny
):
    monkeypatch.setenv("AMMON_CACHE_DIR", str(tmp_path / "cache"))
    is_offline = True

    def load(options):
        if is_offline:
            raise ModelDownloadError("The registry <b> does not answer.")
        return load_tiny()

    settings = Settings(data_dir=tmp_path / "data", model=ModelOptions(model="embedded"))
    service = Service(settings, load, shared_processes)
    base = replace(PRESETS["embedded"].base, file_name="model.gguf", byte_count=1000)
    monkeypatch.setitem(PRESETS, "embedded", replace(PRESETS["embedded"], base=base))
    base.path.parent.mkdir(parents=True)
    assert "0 bytes of 1.0 kB" in model_notice(service)
    part = base.path.with_name("model.gguf.part")
    part.write_bytes(bytes(250))
    assert 'aria-valuenow="25"' in model_notice(service)
    part.rename(base.path)
    base.path.write_bytes(bytes(1000))
    assert "is being loaded. Add documents already" in model_notice(service)
    with pytest.raises(ModelDownloadError):
        service.runtime()
    assert "The registry &lt;b&gt; does not answer." in model_notice(service)
    is_offline = False
    service.runtime()
    assert model_notice(service) == ""
    service.close()
