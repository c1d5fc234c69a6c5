"""Encrypted PDFs: the password is asked for once, stored nowhere, asked for again if needed."""

import os
import subprocess
import sys

import pytest

from app.service import final_answer
from ingest import EncryptedDocument
from tests.support.paths import ROOT
from tests.support.pdf_samples import encrypted, make_pdf
from tests.support.service import wait_until_read

PASSWORD = "sesame-9f3e"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.pdf"
    path.write_bytes(encrypted(make_pdf(*(f"Lamp {n} was lit." for n in range(40))), PASSWORD))
    return path


def only(service):
    (status,) = service.documents.list("s")
    return status.document


def test_a_missing_and_a_wrong_password_have_their_own_sentences(make_service, secret):
    service = make_service()
    service.sessions.create("s")
    with pytest.raises(EncryptedDocument, match="read FILE --password asks for it"):
        service.documents.add("s", secret)
    with pytest.raises(EncryptedDocument, match="does not open it: try again"):
        service.documents.add("s", secret, password="open")
    assert service.documents.list("s") == [] and not service.settings.files_dir.exists()


def test_the_password_is_needed_once_and_stored_nowhere(make_service, secret):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", secret, password=PASSWORD)
    service.documents.pause(document.id)
    service.start_reading()
    wait_until_read(service, "s")
    assert only(service).token_count is not None
    service.close()
    files = [path for path in service.settings.data_dir.rglob("*") if path.is_file()]
    assert files and not any(PASSWORD.encode() in path.read_bytes() for path in files)
    again = make_service()
    again.start()
    with pytest.raises(EncryptedDocument, match="Page 3 of secret.pdf is not drawn"):
        again.passages.render(document.id, 2)
    assert again.documents.add("s", secret).id == document.id
    wait_until_read(again, "s")
    assert only(again).state == "done"
    (passage, *_) = final_answer(again.questions.ask("s", "Which lamp was lit?")).passages
    assert passage.locator.startswith("page")


def test_an_encrypted_document_interrupted_before_indexing_fails_and_can_be_retried(
    make_service, secret
):
    service = make_service()
    service.sessions.create("s")
    document = service.documents.add("s", secret, password=PASSWORD)
    service.close()
    again = make_service()
    again.start()
    wait_until_read(again, "s")
    failed = only(again)
    assert failed.state == "failed" and "give its password" in (failed.error or "")
    again.documents.resume(document.id, password="open")
    wait_until_read(again, "s")
    assert "does not open it" in (only(again).error or "")
    assert again.documents.add("s", secret, password=PASSWORD).id == document.id
    wait_until_read(again, "s")
    assert only(again).state == "done"


@pytest.mark.parametrize("way", ["asked", "environment"])
def test_the_command_line_takes_a_password(tmp_path, tiny_dir, secret, way):
    command = [sys.executable, str(ROOT / "launch.py"), "read", str(secret), "--session", "s"]
    command += ["--data-dir", str(tmp_path / "data"), "--model", str(tiny_dir)]
    command += ["--window", "3000", "--sinks", "64", *["--password"] * (way == "asked")]
    done = subprocess.run(
        command,
        input=f"{PASSWORD}\n",
        env={**os.environ, **({"AMMON_PDF_PASSWORD": PASSWORD} if way != "asked" else {})},
        capture_output=True,
        text=True,
        timeout=120,
        start_new_session=True,  # no terminal to ask on, so it is taken from the input
    )
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
