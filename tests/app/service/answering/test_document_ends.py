"""Questions about an end of a document, on the whole stack with the tiny model."""

import pytest

from app.service import Done
from tests.support.service import wait_until_read


@pytest.fixture
def read(make_service, tmp_path):
    """A service that has read a novel of 120 lines with a licence behind it, and a log."""
    novel, log = tmp_path / "novel.txt", tmp_path / "lamp.log"
    lines = [
        f"On day {i} the miller mended wheel {i} of the old mill by the weir." for i in range(99)
    ]
    end = "*** END OF THE PROJECT GUTENBERG EBOOK NOVEL ***\n\nYou may copy and give this away."
    novel.write_text("\n\n".join([*lines, "Then Ann married Bob.", end]), encoding="utf-8")
    log.write_text("".join(f"2024-05-03 10:00:{i:02} INFO lamp lit\n" for i in range(40)))
    service = make_service(window=700)
    service.sessions.create("s")
    service.start_reading()
    for path in (novel, log):
        service.documents.add("s", path)
        wait_until_read(service, "s")
    return service


def asked(service, question, at=""):
    *_, last = service.questions.ask("s", question, at)
    assert isinstance(last, Done)
    return last.answer


def test_an_end_is_told_from_the_outermost_text_of_the_document_that_tells(read):
    answer = asked(read, "How does the story end?")
    text = "\n".join(p.text for p in answer.passages)
    assert answer.kind == "place" and {p.document for p in answer.passages} == {"novel"}
    assert text.endswith("Then Ann married Bob.") and "wheel 98" in text and "wheel 9 " not in text
    assert (
        answer.looked_at.startswith("the last ") and " lines of novel before " in answer.looked_at
    )
    assert any("taken for no part of the text" in note for note in answer.left_out)
    assert any("other document was not looked at" in note for note in answer.left_out)
    assert read.questions.messages("s")[-1].details["looked_at"] == answer.looked_at

    answer = asked(read, "Wie fängt die Geschichte an?")
    assert answer.passages[0].text.startswith("On day 0 ")
    assert answer.looked_at.startswith("the first ")

    answer = asked(read, "How does lamp end?")
    assert answer.passages[-1].document == "lamp" and "10:00:39" in answer.passages[-1].text

    answer = asked(read, "What is at the end of the document?")
    assert "give this away" in answer.passages[-1].text, "whatever is there is asked for"

    answer = asked(read, "How does the story end?", "novel: line 59")
    assert answer.passages[-1].text.endswith("wheel 26 of the old mill by the weir.")
    assert any("after that place" in note for note in answer.left_out)

    assert asked(read, "How does the war end?").kind == "passages"
    # "It" is what the question before was about.
    assert asked(read, "How does it end?").kind == "passages"
    assert asked(read, "Who wrote the novel?").kind == "passages"
    assert asked(read, "How does it end?").looked_at.startswith("the last ")
