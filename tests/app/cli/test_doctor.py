"""`doctor --verify` finds what is damaged and says what mends it."""

import json

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


def test_a_broken_search_index_is_found_and_its_rebuilding_is_offered(make_service, data, capsys):
    service, _ = data
    other = make_service()
    other.db.execute("DELETE FROM segments_fts_data WHERE id > 10")
    other.close()
    (found,) = _contents(capsys, service, verify=False, rebuild_index=False)
    assert not found["ok"] and "doctor --rebuild-index" in found["found"]
    (mended,) = _contents(capsys, service, verify=False, rebuild_index=True)
    assert mended["ok"]
