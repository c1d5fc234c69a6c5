"""Files added again: read once, unless asked; a changed one is a version that answers prefer."""

import json

import pytest

import storage
from app.service import final_answer
from app.service.answering.retrieval import retrieve
from tests.support.service import wait_until_read

OLD = "The lighthouse at Skerry is painted white. The keeper there is Donald Crae."
NEW = "The lighthouse at Skerry is painted red. Nobody lives there any more."


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(OLD)
    return path


@pytest.fixture
def service(make_service):
    service = make_service()
    service.sessions.create("s")
    service.start()
    return service


def read(service, path, text=None, **options):
    if text is not None:
        path.write_text(text)
    document = service.documents.add("s", path, **options)
    wait_until_read(service, "s")
    return storage.get_document(service.db, document.id)


def titles(service):
    return [status.document.title for status in service.documents.list("s")]


def found(service, question, position=None):
    passages = retrieve(service.db, service.sessions.get("s").id, question, 6, position)
    return [(p.document_title, p.is_replaced) for p in passages]


def test_an_unchanged_file_is_read_again_only_when_asked(service, report):
    first = read(service, report)
    assert read(service, report).id == first.id
    again = read(service, report, again=True)
    third = read(service, report, again=True)
    assert titles(service) == ["report", "report (reading 2)", "report (reading 3)"]
    assert [d.version for d in (first, again, third)] == [1, 1, 1]
    assert again.replaces == first.id and again.state == "done"
    assert again.start_position == first.start_position + first.token_count
    assert read(service, report).id == third.id
    assert found(service, "What colour is the lighthouse?") == [("report", False)]


def test_an_unfinished_reading_asked_again_is_resumed(service, report):
    read(service, report)
    service.stop_reading()
    begun = service.documents.add("s", report, again=True)
    assert service.documents.add("s", report, again=True).id == begun.id
    assert len(titles(service)) == 2


def test_a_changed_file_is_a_new_version_read_after_the_rest(service, report, book):
    first, between = read(service, report), read(service, book)
    second = read(service, report, NEW)
    assert titles(service) == ["report", "lighthouse", "report (version 2)"]
    assert (second.version, second.replaces) == (2, first.id)
    assert second.start_position == between.start_position + between.token_count
    assert "cannot be unlearned" in second.notes[0] and "'report'" in second.notes[0]
    third = read(service, report, OLD + NEW)
    assert (third.title, third.version, third.replaces) == ("report (version 3)", 3, second.id)
    assert read(service, report, again=True).title == "report (version 3, reading 2)"


def test_a_file_of_the_same_name_elsewhere_is_another_document(service, report, tmp_path):
    read(service, report)
    (tmp_path / "other").mkdir()
    other = read(service, tmp_path / "other" / "report.txt", NEW)
    assert (other.title, other.version, other.replaces) == ("report", 1, None)


def test_an_uploaded_file_is_known_by_its_name(service, report, tmp_path):
    first = read(service, report, name="notes.txt")
    assert first.source_path is None
    copy = tmp_path / "upload-2.txt"
    second = read(service, copy, NEW, name="notes.txt")
    assert (second.title, second.replaces) == ("notes (version 2)", first.id)


def test_answers_prefer_the_newest_version(service, report):
    read(service, report)
    read(service, report, NEW)
    assert found(service, "What colour is the lighthouse?") == [("report (version 2)", False)]
    answer = final_answer(service.questions.ask("s", "What colour is the lighthouse?"))
    assert [p.document for p in answer.passages] == ["report (version 2)"]


def test_passages_only_an_older_version_has_are_marked(service, report):
    read(service, report)
    read(service, report, NEW)
    read(service, report, NEW + " It is closed.")
    assert found(service, "Who is Donald Crae?") == [("report", True)]
    answer = final_answer(service.questions.ask("s", "Who is Donald Crae?"))
    assert [(p.document, p.is_replaced) for p in answer.passages] == [("report", True)]
    assert answer.passages[0].marks == ["of an older version"]


def test_as_of_before_the_new_version_the_older_one_is_the_newest(service, report):
    first = read(service, report)
    read(service, report, NEW)
    before = first.start_position + first.token_count
    assert found(service, "What colour is the lighthouse?", before) == [("report", False)]


def test_other_documents_are_searched_beside_the_newest_version(service, report, book):
    read(service, report)
    read(service, book)
    read(service, report, NEW)
    everywhere = dict(found(service, "Who is the keeper of the lighthouse lamp?"))
    assert set(everywhere) == {"report (version 2)", "lighthouse"}
    assert not any(everywhere.values())


def test_an_older_content_again_is_not_read_but_becomes_the_newest_version(service, report):
    first = read(service, report)
    second = read(service, report, NEW)
    assert read(service, report, OLD).id == first.id
    assert titles(service) == ["report", "report (version 2)"]
    assert storage.get_document(service.db, first.id).replaces == second.id
    assert found(service, "What colour is the lighthouse?") == [("report", False)]
    assert read(service, report, OLD + NEW).version == 3


def test_an_unfinished_older_version_does_not_delay_the_new_one(make_service, report):
    service = make_service()
    service.sessions.create("s")
    service.documents.add("s", report)
    report.write_text(OLD * 20)
    document = service.documents.add("s", report)
    service.documents.pause(document.id)
    service.start_reading()
    wait_until_read(service, "s")
    assert storage.get_document(service.db, document.id).state == "paused"
    third = read(service, report, NEW)
    assert third.state == "done"
    given_up = storage.get_document(service.db, document.id)
    assert given_up.state == "cancelled" and "newer version" in given_up.error
    fourth = read(service, report, OLD * 20)
    assert fourth.id != given_up.id and fourth.title == "report (version 2, reading 2)"


def test_after_the_newest_version_is_removed_the_one_before_is_the_newest(service, report):
    read(service, report)
    second = read(service, report, NEW)
    service.documents.remove(second.id)
    assert found(service, "What colour is the lighthouse?") == [("report", False)]


def test_an_export_has_versions_but_no_paths(service, report, tmp_path):
    read(service, report)
    read(service, report, NEW)
    service.sessions.export_to("s", tmp_path / "out")
    service.sessions.import_from(tmp_path / "out", "two")
    old, new = (status.document for status in service.documents.list("two"))
    assert (new.version, new.replaces, new.source_path) == (2, old.id, None)
    assert str(tmp_path).encode() not in (tmp_path / "out").read_bytes()


def test_re_read_documents_are_still_versions(service, report):
    read(service, report)
    read(service, report, NEW)
    before = [status.document for status in service.documents.list("s")]
    service.rereads.begin("s", {"window": 800})
    while service.rereads.progress("s") is not None:
        wait_until_read(service, "s")
    after = [status.document for status in service.documents.list("s")]
    for name in ("id", "title", "version", "replaces", "notes"):
        assert [getattr(d, name) for d in before] == [getattr(d, name) for d in after]


def test_the_command(service, report, launch):
    read(service, report)
    service.close()

    report.write_text(NEW)
    done = launch("read", str(report), "--session", "s", "--json")
    (document,) = json.loads(done.stdout)["documents"]
    assert (document["version"], document["replaces"]) == (2, 1)
    assert "report (version 2): It replaces 'report'" in done.stderr
    again = launch("read", str(report), "--session", "s", "--again", "--json")
    (document,) = json.loads(again.stdout)["documents"]
    assert document["title"] == "report (version 2, reading 2)"
