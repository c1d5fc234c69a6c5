"""Files added again: read once, unless asked; a changed one is a version that answers prefer."""

import json

import pytest

import storage
from app.errors import NoSuchDocument, NoSuchPlace
from app.service import final_answer
from app.service.answering.retrieval import retrieve
from app.service.reading.positions import find_position
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
    assert (other.title, other.version, other.replaces) == ("report (other)", 1, None)
    newer = read(service, tmp_path / "other" / "report.txt", NEW + " It is closed.")
    assert (newer.title, newer.replaces) == ("report (other, version 2)", other.id)
    first, *others = titles(service)
    assert first == f"report ({tmp_path.name})" and others == [other.title, newer.title]


def test_an_uploaded_file_is_known_by_its_name(service, report, tmp_path):
    first = read(service, report, name="notes.txt")
    assert first.source_path is None
    copy = tmp_path / "upload-2.txt"
    second = read(service, copy, NEW, name="notes.txt")
    assert (second.title, second.replaces) == ("notes (version 2)", first.id)


def test_an_uploaded_file_of_the_same_name_with_another_text_is_another_document(
    service, report, tmp_path
):
    first = read(service, report, name="notes.txt")
    copy = tmp_path / "upload-2.txt"
    other = read(
        service, copy, "Barley came in twelve carts on Monday, oats in nine.", name="notes.txt"
    )
    assert (other.title, other.version, other.replaces) == ("notes (2)", 1, None)
    assert other.notes == [
        "'notes' has the same file name but another text, so this is a document of its own, "
        "'notes (2)', and not a new version."
    ]
    newer = read(
        service, copy, "Barley came in twelve carts on Monday, oats in ten.", name="notes.txt"
    )
    assert (newer.title, newer.replaces) == ("notes (2, version 2)", other.id)
    assert read(service, report, name="notes.txt").id == first.id
    assert read(service, report, NEW, name="notes.txt").replaces == first.id


def test_an_uploaded_file_is_compared_with_one_that_is_not_indexed_yet(
    make_service, report, tmp_path
):
    service = make_service()
    service.sessions.create("s")
    first = service.documents.add("s", report, name="notes.txt")
    copy = tmp_path / "copy.txt"
    copy.write_text(NEW)
    assert service.documents.add("s", copy, name="notes.txt").replaces == first.id
    copy.write_text("Barley came in twelve carts on Monday, oats in nine.")
    assert service.documents.add("s", copy, name="notes.txt").replaces is None


def test_answers_cite_files_of_the_same_name_by_their_folders(service, tmp_path):
    for folder, text in (("docs", OLD), ("src", OLD.replace("Skerry", "Torr"))):
        (tmp_path / folder).mkdir()
        read(service, tmp_path / folder / "README.md", text)
    answer = final_answer(service.questions.ask("s", "What colour is the lighthouse?"))
    assert {p.document for p in answer.passages} == {"README (docs)", "README (src)"}
    assert {place.label.split(",")[0] for place in service.questions.places("s")} >= {
        "README (docs)",
        "README (src)",
    }
    row = service.sessions.get("s")
    ends = [d.document.start_position + d.document.token_count for d in service.documents.list("s")]
    for at in ("README (docs): line 1", "docs/README: line 1", "docs/README.md, line 1"):
        assert find_position(service.db, row, at) == ends[0]
    for at in ("README (src): line 1", "line 1 of src/README", "line 1 of README (src)"):
        assert find_position(service.db, row, at) == ends[1]
    with pytest.raises(NoSuchPlace, match=r'"README \(docs\): line 1"; "README \(src\): line 1"'):
        find_position(service.db, row, "README: line 1")
    for place in service.questions.places("s"):
        assert find_position(service.db, row, place.at) == place.position


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


def test_a_document_is_called_by_its_title_or_the_end_of_its_path(service, report, tmp_path):
    first = read(service, report)
    second = read(service, report, NEW)
    (tmp_path / "other").mkdir()
    other = read(service, tmp_path / "other" / "report.txt", "Nothing of that.")
    here = tmp_path.name
    for name, document in (
        (f"report ({here})", first),
        (f"REPORT ({here}, version 2)", second),
        ("report (other)", other),
        ("other/report", other),
        ("./other/report.txt", other),
        (str(tmp_path / "other" / "report.txt"), other),
    ):
        assert service.documents.called("s", name).id == document.id, name
    with pytest.raises(NoSuchDocument, match=f"say which: .report .{here}.., .*report .other"):
        service.documents.called("s", "report")
    with pytest.raises(NoSuchDocument, match="has no document 'ther/report'; it has 'report"):
        service.documents.called("s", "ther/report")
    service.documents.remove(other.id)
    assert service.documents.called("s", "report").id == first.id


def test_remove_never_guesses_and_says_which_it_removed(service, tmp_path, launch):
    for folder in ("docs", "src"):
        (tmp_path / folder).mkdir()
        read(service, tmp_path / folder / "README.md", f"A text on {folder}.")
    read(service, tmp_path / "docs" / "README.md", "A changed text on docs.")
    service.close()

    refused = launch("remove", "s", "README")
    assert refused.returncode == 1 and "'README (docs)'" in refused.stderr
    assert "'README (src)', 'README (docs, version 2)'" in refused.stderr
    removed = launch("remove", "s", "README (docs)")
    assert removed.stdout == (
        "Removed 'README (docs)'. Of the same file there is still 'README (docs, version 2)'.\n"
    )
    removed = launch("remove", "s", "src/README", "--json")
    assert json.loads(removed.stdout)["removed"] == "README (src)"


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
