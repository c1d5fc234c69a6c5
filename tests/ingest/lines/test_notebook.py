"""Notebooks: cells as they were written, short outputs, no pictures."""

import base64
import json
import random

import pytest

from ingest import DamagedDocument, EmptyDocument, LimitExceeded, Limits

PICTURE = base64.b64encode(random.Random(5).randbytes(30_000)).decode()
TEXT = ["# Tides\n", "The tide at Port Ellen reaches 2.4 m.\n", "![now](attachment:a.png)\n"]


def cell(kind: str, source, *outputs, **others):
    made = {"cell_type": kind, "metadata": {}, "source": source, **others}
    return made | ({"outputs": list(outputs)} if kind == "code" else {})


def shown(**data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


def notebook(*cells) -> bytes:
    book = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1).encode()


def read(document, data, name="a.ipynb", **options):
    opened = document(data, name, **options)
    segments = list(opened.segments())
    return opened, segments, "".join(segment.text for segment in segments)


def test_text_and_code_are_read_in_order_as_they_were_written(document):
    data = notebook(cell("markdown", TEXT), cell("code", "import math\nheight = 2.4\n"))
    opened, segments, text = read(document, data)
    assert (
        text
        == "# Tides\nThe tide at Port Ellen reaches 2.4 m.\nnow\n\nimport math\nheight = 2.4\n\n"
    )
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("notebook", "cell", 2)
    assert str(segments[0].locator) == "cells 1–2"


def test_pictures_are_left_out_with_a_note(document):
    attached = cell("markdown", TEXT, attachments={"a.png": {"image/png": PICTURE}})
    drawn = shown(**{"image/png": PICTURE, "text/plain": ["<Figure>"]})
    opened, _, text = read(document, notebook(attached, cell("code", "plot()", drawn)))
    assert "plot()" in text and PICTURE[:60] not in text and "<Figure>" not in text
    assert opened.notes == ["Pictures and other media in the notebook are not read: 2."]


def test_printed_text_results_and_errors_follow_their_code(document):
    printed = {
        "output_type": "stream",
        "name": "stdout",
        "text": ["\x1b[31m2.4\x1b[0m\n", "done\n"],
    }
    failed = {
        "output_type": "error", "ename": "KeyError", "evalue": "'tide'", "traceback": ["\x1b[0m--"]
    }  # fmt: skip
    result = shown(**{"text/plain": "12", "text/html": "<b>12</b>"})
    _, _, text = read(document, notebook(cell("code", "f()", printed, result, failed)))
    assert text == "f()\n\nOutput: 2.4\ndone\n\nOutput: 12\n\nOutput: KeyError: 'tide'\n\n"


def test_a_long_output_is_read_in_part_with_a_note(document):
    printed = {"output_type": "stream", "text": "a row\n" * 5000}
    opened, _, text = read(document, notebook(cell("code", "f()", printed)))
    assert len(text) < 2100 and "were read in part: 1." in opened.notes[0]


def test_notebooks_of_version_3_are_read(document):
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Ports"},
        {"cell_type": "code", "input": "x = 1", "outputs": [{"output_type": "pyout", "text": "1"},
         {"output_type": "display_data", "png": PICTURE}]},
    ]  # fmt: skip
    data = json.dumps({"metadata": {}, "nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    opened, _, text = read(document, data)
    assert text == "## Ports\n\nx = 1\n\nOutput: 1\n\n" and len(opened.notes) == 1


@pytest.mark.parametrize("name", ["a.ipynb", "a.json", "a.txt", "noname"])
def test_a_notebook_is_recognised_by_its_content(document, name):
    assert document(notebook(cell("markdown", TEXT)), name).kind == "notebook"


@pytest.mark.parametrize("data", [b'{"cells": 1}', b'{"metadata": {}}', b'{"name": "cell_type"}'])
def test_other_json_is_no_notebook(document, data):
    assert document(data, "a.json").kind == "code"


def test_a_cell_begins_a_segment_at_its_heading(document):
    cells = [cell("markdown", f"# Part {n}\n" + f"Words of part {n}. " * 25) for n in range(4)]
    _, segments, _ = read(document, notebook(*cells))
    assert [segment.locator.start for segment in segments] == [1, 2, 3, 4]


@pytest.mark.parametrize("data", [b"not json", b"[1, 2]", b'{"cells": [', b'{"a":' * 200_000])
def test_a_damaged_notebook_is_refused(document, data):
    with pytest.raises(DamagedDocument, match=r"a\.ipynb"):
        read(document, data)


@pytest.mark.parametrize("cells", [[], [cell("code", "")], [1, None, "x"], [{"source": 5}]])
def test_a_notebook_without_text_is_empty(document, cells):
    with pytest.raises(EmptyDocument):
        read(document, notebook(*cells))


def test_a_notebook_is_bounded_without_its_pictures(document):
    limits = Limits(max_markup_chars=5000)
    drawn = shown(**{"image/png": PICTURE})
    assert "plot()" in read(document, notebook(cell("code", "plot()", drawn)), limits=limits)[2]
    with pytest.raises(LimitExceeded):
        read(document, notebook(cell("code", "y = 1\n" * 2000)), limits=limits)
