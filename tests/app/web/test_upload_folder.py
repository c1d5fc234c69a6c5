"""The folder of uploads is its owner's; leftovers are deleted when a server starts."""

import os
import stat
import subprocess
import sys

import pytest

from app.web.sources.upload import discard
from app.web.upload_folder import ABANDONED_S, delete_abandoned, upload_folder
from tests.support.paths import ROOT

HOLD = """
import sys, time
from pathlib import Path
from app.web.upload_folder import upload_folder
with upload_folder(Path(sys.argv[1])) as folder:
    (folder / "book.txt").write_text("kept")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such modes there")
def test_only_the_owner_looks_into_the_folder_and_it_is_gone_at_the_end(tmp_path):
    uploads = tmp_path / "data" / "uploads"
    uploads.mkdir(parents=True, mode=0o755)
    with upload_folder(uploads) as folder:
        assert folder.parent == uploads
        assert {stat.S_IMODE(path.stat().st_mode) for path in (uploads, folder)} == {0o700}
        (folder / "a").mkdir()
        (folder / "a" / "book.txt").write_text("x")
    assert list(uploads.iterdir()) == []


def test_what_killed_servers_left_is_deleted_and_what_living_ones_have_is_not(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            theirs = server.stdout.readline().strip()
            (tmp_path / "old").mkdir()
            (tmp_path / "old" / "book.txt").write_text("left")
            (tmp_path / "stray.txt").write_text("left")
            with upload_folder(tmp_path) as ours:
                assert os.listdir(theirs) == ["book.txt"], "another server uses it"
                assert not (tmp_path / "old").exists() and not (tmp_path / "stray.txt").exists()
                server.kill()
                server.wait()
                with upload_folder(tmp_path):
                    assert not os.path.exists(theirs) and ours.exists()
        finally:
            server.kill()


def test_an_upload_that_no_page_added_is_deleted_after_a_while(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "book.txt").write_text("x")
    then = (tmp_path / "old").stat().st_mtime - ABANDONED_S - 1
    os.utime(tmp_path / "old" / "book.txt", (then, then))
    delete_abandoned(tmp_path)
    assert not (tmp_path / "old" / "book.txt").exists() and (tmp_path / "new" / "book.txt").exists()


def test_only_uploads_are_discarded(tmp_path):
    own = tmp_path / "own" / "book.txt"
    upload = tmp_path / "uploads" / "one" / "hash" / "book.txt"
    for path in (own, upload):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    link = upload.with_name("link")
    link.symlink_to(own)
    for path in (own, link, tmp_path / "uploads" / "one", tmp_path / "uploads" / "none"):
        discard(path, tmp_path / "uploads")
    assert own.exists() and upload.exists()
    discard(upload, tmp_path / "uploads")
    assert not upload.exists()
