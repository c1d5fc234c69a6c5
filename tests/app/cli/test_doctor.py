"""`doctor --verify` finds what is damaged and says what mends it."""

import json
import shlex

import pytest
import typer

from app.cli.doctor import doctor
from tests.support.service import read_whole


@pytest.fixture
def data(make_service, book):
    service = make_service()
    document = read_whole(service, book, "s")
    service.close()
    return service, document


def _contents(capsys, service, **options):
    try:
        doctor(service.settings.data_dir, as_json=True, **options)
    except typer.Exit:
        pass
    found = json.loads(capsys.readouterr().out)
    return [f for f in found if f["what"] in ("contents", "database")]


def test_sound_data_is_verified(data, capsys):
    found = _contents(capsys, data[0], verify=True, rebuild_index=False)
    assert [f["ok"] for f in found] == [True, True]


def test_a_damaged_page_and_file_are_named_with_what_mends_them(make_service, data, capsys):
    service, document = data
    other = make_service()
    other.db.execute(
        "UPDATE pages SET data = zeroblob(length(data)) "
        "WHERE hash = (SELECT hash FROM checkpoint_pages LIMIT 1)"
    )
    other.close()
    (service.settings.files_dir / document.sha256).write_bytes(b"other")
    found = [f["found"] for f in _contents(capsys, service, verify=True, rebuild_index=False)]
    assert any("page" in text and "reread s" in text for text in found)
    assert any("lighthouse" in text and "read " in text for text in found)


def test_what_is_said_to_mend_a_missing_file_mends_it_and_reads_nothing_again(
    make_service, data, book, launch, capsys
):
    service, document = data
    copy = service.settings.files_dir / document.sha256
    copy.unlink()
    (found,) = [f for f in _contents(capsys, service, verify=True, rebuild_index=False)][1:]
    command = shlex.split(found["found"].split("python launch.py ")[1])
    done = launch(*command)
    assert done.returncode == 0, done.stderr
    assert copy.read_bytes() == book.read_bytes()
    other = make_service()
    assert [status.document.id for status in other.documents.list("s")] == [document.id]


def test_a_followed_log_of_which_no_copy_is_kept_is_no_damage(make_service, tmp_path, capsys):
    service = make_service(follow_checkpoint_s=0.0)
    service.sessions.create("s")
    service.start_reading()
    log = tmp_path / "app.log"
    log.write_text("".join(f"2026-01-01 request {i}\n" for i in range(99)), encoding="utf-8")
    service.documents.follow("s", log)
    service.sessions.duplicate("s", "copy")
    service.sessions.export_to("s", tmp_path / "s.ammon")
    service.sessions.import_from(tmp_path / "s.ammon", "imported")
    service.close()
    found = _contents(capsys, service, verify=True, rebuild_index=False)
    assert [f["ok"] for f in found] == [True, True], found


def test_a_broken_search_index_is_found_and_its_rebuilding_is_offered(make_service, data, capsys):
    service, _ = data
    other = make_service()
    other.db.execute("DELETE FROM segments_fts_data WHERE id > 10")
    other.close()
    (found,) = _contents(capsys, service, verify=False, rebuild_index=False)
    assert not found["ok"] and "doctor --rebuild-index" in found["found"]
    (mended,) = _contents(capsys, service, verify=False, rebuild_index=True)
    assert mended["ok"]
