"""The line of questions: in order, bounded, shown, and left by whoever goes."""

import threading
import time

import pytest

from app.errors import TooManyQuestions
from app.service.reading import model_queue as turns_module
from app.service.reading.model_queue import Turns


def test_questions_are_answered_in_their_order_and_know_their_place():
    turns = Turns()
    with turns.answering() as first, turns.answering() as second:
        assert first.wait(0) == 0
        with turns.answering() as third:
            assert (second.wait(0), third.wait(0)) == (1, 2)
            assert turns.waiting == 2
    with turns.answering() as last:
        assert last.wait(0) == 0


def test_one_who_leaves_the_line_makes_room():
    turns = Turns()
    with turns.answering() as first, turns.answering() as third:
        assert first.wait(0) == 0
        with turns.answering():
            assert third.wait(0) == 1
    with turns.reading():
        pass


def test_too_many_are_refused_with_one_sentence():
    turns = Turns(most_waiting=2)
    with turns.answering(), turns.answering():
        with pytest.raises(TooManyQuestions, match="2 questions are waiting already"):
            with turns.answering():
                pass
    assert turns.waiting == 0


def test_reading_waits_for_all_who_wait_for_an_answer():
    turns, order = Turns(), []

    def read():
        with turns.reading():
            order.append("reading")

    with turns.answering() as first:
        reader = threading.Thread(target=read)
        reader.start()
        with turns.answering() as second:
            assert first.wait(0) == 0
            time.sleep(0.05)
            assert second.wait(0) == 1
            order.append("answers")
    reader.join(5)
    assert order == ["answers", "reading"]


def test_who_is_gone_without_a_word_is_passed_over(monkeypatch):
    monkeypatch.setattr(turns_module, "PATIENCE_S", 0.05)
    turns = Turns()
    with turns.answering() as gone, turns.answering() as here:
        time.sleep(0.06)
        assert here.wait(0) == 0
    with turns.reading():
        pass
    assert not gone.has_turn
