"""Pages as pictures: bounded, with marks on the passage, and an error for a bad page."""

import io

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from ingest import DamagedDocument, LimitExceeded, Limits, render_page
from ingest.sandbox.render import MAX_PIXELS
from tests.support.pdf_samples import make_pdf


@pytest.fixture
def draw(tmp_path):
    def drawn(data, **options):
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        return render_page(path, options.pop("page_index", 0), name="a.pdf", **options)

    return drawn


def turned(data, degrees):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.pages[0].rotate(degrees)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("degrees", [0, 90])
def test_the_marks_cover_the_passage_also_on_a_rotated_page(draw, degrees):
    picture = draw(turned(make_pdf("a zebra at the mill"), degrees), passage="a zebra at the mill")
    image = Image.open(io.BytesIO(picture.png)).convert("L")
    assert (image.width, image.height) == (picture.width, picture.height)
    assert picture.marks
    blank = image.copy()
    for mark in picture.marks:
        place = tuple(map(round, (mark.left - 2, mark.top - 2, mark.right + 2, mark.bottom + 2)))
        assert image.crop(place).getextrema()[0] < 128
        blank.paste(255, place)
    assert blank.getextrema()[0] > 200, "there is no ink but under the marks"


def test_a_picture_has_at_most_the_maximum_of_pixels(draw):
    picture = draw(make_pdf("large"), width=100_000)
    assert picture.width * picture.height <= MAX_PIXELS * 1.01


@pytest.mark.parametrize("data, page", [(b"%PDF-1.7 nothing", 0), (None, 7), (None, -1)])
def test_a_page_that_cannot_be_drawn_is_a_damaged_document(draw, data, page):
    with pytest.raises(DamagedDocument, match="of a.pdf cannot be drawn"):
        draw(data or make_pdf("one"), page_index=page)


def test_a_page_that_takes_too_long_to_draw_is_stopped(draw):
    with pytest.raises(LimitExceeded, match="takes too long to draw"):
        draw(make_pdf("one"), limits=Limits(seconds_per_page=0.001))
