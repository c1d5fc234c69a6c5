"""Text typed onto a PDF page: which annotations count, from where, and how much of it."""

import pytest

from ingest.pdf.forms import typed_text


def field(value, **more):
    entries = {f"/{key}": entry for key, entry in more.items()}
    return {"/Subtype": "/Widget", "/V": value, **entries}


def page(*annotations):
    return {"/Annots": list(annotations)}


def test_fields_and_text_boxes_give_one_line_each():
    box = {"/Subtype": "/FreeText", "/Contents": " in a box "}
    assert typed_text(page(field("typed"), box)) == "typed\nin a box"


def test_a_field_without_a_value_has_that_of_its_parent():
    child = {"/Subtype": "/Widget", "/Parent": {"/V": "of the parent"}}
    assert typed_text(page(child, field("own", Parent={"/V": "not this"}))) == "of the parent\nown"


@pytest.mark.parametrize(
    "annotation",
    [
        *(field("x", F=2), field("x", F=32), field("/Yes"), field(""), field(7), field(None)),
        *({"/Subtype": "/Link", "/V": "x"}, {"/V": "x"}, "text", None, 3),
    ],
)
def test_hidden_fields_check_boxes_and_other_annotations_give_no_text(annotation):
    assert typed_text(page(annotation, field("seen"))) == "seen"


@pytest.mark.parametrize("annotations", [None, "text", 7, {}])
def test_a_page_without_a_list_of_annotations_has_no_typed_text(annotations):
    assert typed_text({"/Annots": annotations}) == ""


def test_typed_text_is_bounded_in_number_and_length():
    assert typed_text(page(*[field("x")] * 5000)).count("x") == 1000
    assert len(typed_text(page(field("x" * 50_000)))) == 10_000
    assert len(typed_text(page(*[field("x" * 10_000)] * 50))) == 200_000
