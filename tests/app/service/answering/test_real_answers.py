"""Answers of the real embedded model on a short text: declined, supported, of a place."""

import pytest

from ahn_runtime import Runtime
from app.service import Service, final_answer
from app.settings import ModelOptions, Settings
from tests.support.service import read_whole

TEXT = """CHAPTER I. The Harbour

In 1873 the harbour master of Aarsund, Jonathan Ashe, kept a grey parrot called Ozymandias.

CHAPTER II. The Storm

The storm of the ninth of March sank three boats. Nobody drowned.
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory, shared_processes):
    folder = tmp_path_factory.mktemp("real")
    (folder / "harbour.txt").write_text(TEXT, encoding="utf-8")
    options = ModelOptions(model="embedded", window=1024, sinks=128, quantize="int8")
    settings = Settings(data_dir=folder / "data", model=options, max_answer_tokens=24)
    service = Service(settings, lambda options: Runtime.load(**options.as_dict()), shared_processes)
    read_whole(service, folder / "harbour.txt")
    yield service
    service.close()


def ask(service, question):
    return final_answer(service.questions.ask("s", question))


def test_a_fact_is_answered_from_its_passage_and_supported_by_it(service):
    answer = ask(service, "What was the name of the grey parrot?")
    assert "Ozymandias" in answer.text
    assert not answer.declined and answer.support_notes == []
    assert all(sentence.supported_by for sentence in answer.sentences)


def test_who_somebody_is_is_answered_where_the_text_introduces_him(service):
    answer = ask(service, "Who is Jonathan Ashe?")
    assert answer.text.startswith("Jonathan Ashe is ") and "harbour master" in answer.text
    assert not answer.declined and answer.citations


def test_a_chapter_is_answered_from_its_own_text(service):
    answer = ask(service, "What happens in chapter 2?")
    assert (answer.kind, answer.looked_at) == ("place", "chapter 2 of harbour")
    assert "Ozymandias" not in "".join(p.text for p in answer.passages)
    assert "storm" in answer.text.lower() or "boat" in answer.text.lower()


def test_what_nothing_speaks_of_is_declined(service):
    answer = ask(service, "Who was the father of Captain Nemo?")
    assert answer.declined and not answer.citations
    assert service.questions.messages("s")[-1].details["declined"] is True
