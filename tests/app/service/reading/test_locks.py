"""Session locks: one holder, named to others, and free once it is done."""

import os
import threading

import pytest

from app.errors import SessionBusy
from app.service.reading.locks import SessionLocks


def test_a_held_session_is_refused_with_the_holders_process_id(tmp_path):
    locks, others = SessionLocks(tmp_path), SessionLocks(tmp_path)
    with locks.held(1):
        with pytest.raises(SessionBusy, match=f"process {os.getpid()}"):
            with others.held(1):
                pass
        with others.held(2):
            pass
        assert others.seems_held(1) and not others.seems_held(2)
    with others.held(1):
        pass
    assert not locks.seems_held(1)


def test_a_lock_is_released_by_an_error_and_by_another_thread(tmp_path):
    locks = SessionLocks(tmp_path)
    with pytest.raises(KeyError):
        with locks.held(1):
            raise KeyError
    held = locks.held(1)
    held.__enter__()
    release = threading.Thread(target=held.__exit__, args=(None, None, None))
    release.start()
    release.join(10)
    with SessionLocks(tmp_path).held(1):
        pass


def test_the_note_of_a_process_that_has_ended_holds_nothing(tmp_path):
    (tmp_path / "1.pid").write_text("999999999")
    (tmp_path / "2.pid").write_text("no number")
    locks = SessionLocks(tmp_path)
    assert not locks.seems_held(1) and not locks.seems_held(2)
    with locks.held(1):
        pass
