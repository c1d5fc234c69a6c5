"""Source code cut at blank lines."""

from ingest import Limits

FUNCTION = "def area(width):\n    half = width / 2\n\n    return half * width\n\n\n"
LIMITS = Limits(target_segment_chars=160, max_segment_chars=220)


def test_code_is_cut_between_functions(document, whole_text):
    data = (FUNCTION * 12).encode()
    segments = list(document(data, "shapes.py", limits=LIMITS).segments())
    assert "".join(segment.text for segment in segments) == FUNCTION * 12
    assert len(segments) > 3
    assert all(segment.text.startswith("def area") for segment in segments)


def test_a_title_of_code_keeps_its_suffix_and_locators_are_lines(document):
    opened = document(FUNCTION.encode(), "shapes.py")
    (segment,) = opened.segments()
    assert (opened.title, opened.kind, str(segment.locator)) == ("shapes.py", "code", "lines 1–4")


def test_a_long_function_is_cut_at_blank_lines(document):
    body = "".join(f"    step_{at}(one, two)\n" + "\n" * (at % 4 == 3) for at in range(40))
    segments = list(document(("def run():\n" + body).encode(), "run.py", limits=LIMITS).segments())
    assert all(segment.text.endswith("\n\n") for segment in segments[:-1])


def test_one_minified_line_is_read(document):
    segments = list(document(b"var a=1;" * 2000, "app.js").segments())
    assert {str(segment.locator) for segment in segments} == {"line 1"}
    assert "".join(segment.text for segment in segments) == "var a=1;" * 2000
