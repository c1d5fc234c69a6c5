"""Export and import: an imported session continues bit for bit, and other files are refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import torch

import storage
from ahn_runtime import ModelMismatchError, ModelNotFound
from app.cli.sessions import import_session
from app.service import Service, final_answer
from app.service.archive import CHECKING, COPYING, TRYING
from tests.support.service import wait_until_read


@pytest.fixture
def exported(make_service, book, tmp_path):
    """(service, file) of a session that was read and asked."""
    service = make_service(checkpoint_tokens=512)
    service.sessions.create("Lamp")
    service.start()
    service.documents.add("Lamp", book)
    wait_until_read(service, "Lamp")
    list(service.questions.ask("Lamp", "Who kept a grey parrot?"))
    path = tmp_path / "lamp.ammon"
    service.sessions.export_to("Lamp", path)
    return service, path


def logits(service: Service, name: str) -> torch.Tensor:
    with service.context.queue.reading():
        return service.context.cache.get(service.sessions.get(name).id).session.next_logits()


def test_an_imported_session_equals_the_exported_one(exported):
    service, path = exported
    row = service.sessions.import_from(path, "Lamp again")
    assert torch.equal(logits(service, "Lamp"), logits(service, "Lamp again"))
    ours, theirs = service.questions.messages("Lamp"), service.questions.messages("Lamp again")
    assert [m.text for m in ours] == [m.text for m in theirs]
    (document,) = service.documents.list("Lamp again")
    assert document.document.state == "done" and document.document.session_id == row.id
    passages = theirs[-1].details["passages"]
    assert passages and {p["document_id"] for p in passages} == {document.document.id}
    texts = [storage.segments_around(service.db, p["segment_id"], 0, 0)[0].text for p in passages]
    assert all(p["text"] == text.strip() for p, text in zip(passages, texts, strict=True))
    answer = final_answer(service.questions.ask("Lamp again", "Who kept a grey parrot?"))
    assert answer.text == ours[-1].text
    assert service.db.integrity_check() == []


def test_an_import_says_how_far_it_is_and_what_it_does(exported):
    service, path = exported
    steps = []
    service.sessions.import_from(path, "again", steps.append)
    said = list(dict.fromkeys(step.what for step in steps))
    assert said == [CHECKING, TRYING, COPYING]
    for what in (CHECKING, COPYING):
        shares = [step.share for step in steps if step.what == what]
        assert len(shares) > 1 and shares == sorted(shares) and 0 < shares[-1] <= 1
    assert str(steps[-1]) == "Copying it among the sessions: 100%"


def test_an_import_that_is_left_half_way_leaves_nothing(exported):
    service, path = exported
    files = sorted(service.settings.data_dir.rglob("*"))

    def leave(step):
        if step.what == COPYING:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.sessions.import_from(path, "again", leave)
    assert [s.session.name for s in service.sessions.list()] == ["Lamp"]
    assert service.db.value("SELECT count(*) FROM sessions") == 1
    left = [p for p in service.settings.data_dir.rglob("*") if p not in files]
    assert [p for p in left if p.suffix != ".lock"] == []


def test_another_data_directory_imports_the_session(exported, tmp_path, make_service):
    service, path = exported
    before = logits(service, "Lamp")
    (file,) = service.settings.files_dir.iterdir()
    original = file.read_bytes()
    service.sessions.delete("Lamp")
    assert not list(service.settings.files_dir.iterdir())
    service.sessions.import_from(path)
    assert torch.equal(logits(service, "Lamp"), before)
    (kept,) = service.settings.files_dir.iterdir()
    assert kept.read_bytes() == original
    assert list(path.parent.glob("lamp.ammon*")) == [path], "one file, and nothing beside it"


def test_a_kept_file_stays_the_same_when_an_import_brings_it_again(exported):
    service, path = exported
    (kept,) = service.settings.files_dir.iterdir()
    before = kept.stat().st_ino
    service.sessions.import_from(path, "again")
    assert kept.stat().st_ino == before  # a confined reader may open no other file


def test_an_export_has_the_newest_checkpoint_or_all(exported, tmp_path):
    service, path = exported
    service.sessions.import_from(path, "one")
    assert len(service.sessions.checkpoints("one")) == 1 < len(service.sessions.checkpoints("Lamp"))
    service.sessions.export_to("Lamp", tmp_path / "all", all_checkpoints=True)
    service.sessions.import_from(tmp_path / "all", "all")
    assert [c.position for c in service.sessions.checkpoints("all")] == [
        c.position for c in service.sessions.checkpoints("Lamp")
    ]


def change(path: Path, *statements: str) -> Path:
    changed = path.with_name("changed.ammon")
    changed.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(changed)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()
    return changed


@pytest.mark.parametrize(
    "statement, sentence",
    [
        ("UPDATE pages SET data = zeroblob(byte_count)", "damaged"),
        ("CREATE TRIGGER evil AFTER INSERT ON pages BEGIN DELETE FROM pages; END", "did not write"),
        ("UPDATE exported_files SET data = x'00' WHERE ordinal = 0", "document in .* is damaged"),
        ("PRAGMA user_version = 99", "newer version"),
        ("PRAGMA application_id = 7", "is not a session that Ammon exported"),
        ("DELETE FROM sessions", "damaged"),
        ("UPDATE exported_files SET sha256 = '../../outside'", "not a sha256"),
        ("UPDATE documents SET sha256 = '/tmp/outside'", "not a sha256"),
        ("UPDATE documents SET sha256 = upper(sha256)", "not a sha256"),
        ("UPDATE sessions SET settings = '{}'", "which model"),
        ("UPDATE sessions SET settings = '[]'", "no readable settings"),
    ],
)
def test_a_changed_export_is_refused_and_leaves_nothing(exported, statement, sentence):
    service, path = exported
    counts = {t: service.db.value(f"SELECT count(*) FROM {t}") for t in ("sessions", "segments")}
    files = sorted(service.settings.data_dir.rglob("*"))
    with pytest.raises(storage.StorageError, match=sentence):
        service.sessions.import_from(change(path, statement), "x")
    for table, count in counts.items():
        assert service.db.value(f"SELECT count(*) FROM {table}") == count
    left = [p for p in service.settings.data_dir.rglob("*") if p not in files]
    assert [p for p in left if p.suffix != ".lock"] == []


def test_other_files_and_taken_names_are_not_imported(exported, tmp_path):
    service, path = exported
    with pytest.raises(storage.NotFound, match="There is no file"):
        service.sessions.import_from(tmp_path / "gone", "x")
    text = tmp_path / "letter.txt"
    text.write_text("Dear Sir, " * 200)
    with pytest.raises(storage.DamagedDatabase, match="letter.txt"):
        service.sessions.import_from(text, "x")
    cut = tmp_path / "cut"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(storage.StorageError):
        service.sessions.import_from(cut, "x")
    with pytest.raises(storage.AlreadyExists):
        service.sessions.import_from(path)


def test_a_session_of_another_model_is_not_imported(exported, tiny_dirs):
    service, path = exported
    other = change(path, "UPDATE sessions SET settings = replace(settings, '3000', '2999')")
    with pytest.raises(ModelMismatchError):
        service.sessions.import_from(other, "x")
    assert [s.session.name for s in service.sessions.list()] == ["Lamp"]


def test_a_model_that_no_session_here_uses_is_named_with_the_command(exported, tiny_dir, tmp_path):
    path, folder = exported[1], tmp_path / "elsewhere"
    with pytest.raises(ModelNotFound, match="--model"):
        import_session(path, data_dir=folder)
    with pytest.raises(ModelNotFound, match="--model"):
        import_session(path, model=str(tmp_path), data_dir=folder)
    import_session(path, model=str(tiny_dir), data_dir=folder)
    with storage.Database(folder / "ammon.sqlite") as db:
        assert [s.session.name for s in storage.list_sessions(db)] == ["Lamp"]


def test_the_commands(exported, launch, tmp_path):
    service, path = exported
    service.close()

    out = tmp_path / "out.ammon"
    assert launch("export", "Lamp", str(out)).returncode == 0 and out.is_file()
    assert "Imported" in launch("import", str(out), "--name", "Two").stdout
    assert launch("import", str(out), "--name", "Two").returncode == 1
