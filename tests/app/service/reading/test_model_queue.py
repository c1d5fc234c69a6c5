"""The model queue: questions in order and bounded, answers before reading."""

import threading
import time

import pytest

from app.errors import TooManyQuestions
from app.service.reading import model_queue as queue_module
from app.service.reading.model_queue import ModelQueue


def test_questions_are_answered_in_order_and_know_their_queue_position():
    queue = ModelQueue()
    with queue.answering() as first, queue.answering() as second:
        assert first.wait(0) == 0
        with queue.answering() as third:
            assert (second.wait(0), third.wait(0)) == (1, 2)
            assert queue.waiting == 2
    with queue.answering() as last:
        assert last.wait(0) == 0


def test_a_question_that_leaves_the_queue_makes_room():
    queue = ModelQueue()
    with queue.answering() as first, queue.answering() as third:
        assert first.wait(0) == 0
        with queue.answering():
            assert third.wait(0) == 1
    with queue.reading():
        pass


def test_too_many_questions_are_refused_with_one_sentence():
    queue = ModelQueue(max_waiting=2)
    with queue.answering(), queue.answering():
        with pytest.raises(TooManyQuestions, match="2 questions are waiting already"):
            with queue.answering():
                pass
    assert queue.waiting == 0


def test_reading_waits_until_no_question_waits():
    queue, order = ModelQueue(), []

    def read():
        with queue.reading():
            order.append("reading")

    with queue.answering() as first:
        reader = threading.Thread(target=read)
        reader.start()
        with queue.answering() as second:
            assert first.wait(0) == 0
            time.sleep(0.05)
            assert second.wait(0) == 1
            order.append("answers")
    reader.join(5)
    assert order == ["answers", "reading"]


def test_an_unpolled_ticket_loses_its_turn(monkeypatch):
    monkeypatch.setattr(queue_module, "PATIENCE_S", 0.05)
    queue = ModelQueue()
    with queue.answering() as gone, queue.answering() as here:
        time.sleep(0.06)
        assert here.wait(0) == 0
    with queue.reading():
        pass
    assert not gone.has_turn


def test_those_who_read_take_turns_and_let_every_question_pass():
    queue = ModelQueue()
    with queue.reading_ticket() as replay, queue.reading_ticket() as worker:
        assert (replay.wait(0), worker.wait(0)) == (0, 1)
    with queue.reading_ticket() as worker, queue.reading_ticket() as replay:
        assert (replay.wait(0), worker.wait(0)) == (2, 0)
        with queue.answering() as question:
            assert question.wait(0) == 1
    with queue.answering() as question, queue.reading_ticket() as replay:
        assert (replay.wait(0), question.wait(0)) == (2, 0)
