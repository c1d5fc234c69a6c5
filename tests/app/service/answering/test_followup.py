"""Follow-ups: which questions are answered with the conversation in the prompt."""

import pytest

from app.service.answering.followup import follows_up


@pytest.mark.parametrize(
    "question, follows",
    [
        ("Why did he leave the house?", True),
        ("And then?", True),
        ("Where was it hidden at last?", True),
        ("What did Scudder carry in his pocket-book?", False),
        ("Who is the keeper of the lamp?", False),
        ("Where did George and Mary meet as children?", False),
        ("What did IT do about the lamp?", False),
        ("为什么?", True),
        ("什么是机器学习的主要方法?", False),
        ("GPU 的功耗是多少?", False),
    ],
)
def test_only_follow_ups_are_read_with_the_conversation(question, follows):
    assert follows_up(question) is follows
