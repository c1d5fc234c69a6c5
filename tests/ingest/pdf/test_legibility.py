"""Which text of a page is sound and which is nonsense."""

import random
import string

import pytest

from ingest.pdf.legibility import READABLE, SOUND, fill_lost, legibility, lost_count

ENGLISH = "All human beings are born free and equal in dignity and rights. They have reason."
SOUND_TEXTS = {
    "english": ENGLISH,
    "polish": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
    "welsh": "Genir pawb yn rhydd ac yn gydradd â'i gilydd mewn urddas a hawliau, a phawb â rheswm",
    "lithuanian": "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems duotas protas",
    "czech": "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni",
    "russian": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "codes": "QTY BIN SKU MFG E4252 288.00 F4438 9 PRT RFQ ETA LBS KGS PCS MFG DWG RPM GPM PSI",
    "bullets": "\uf0b7 the first of them\n\uf0a7\tthe second\nthe third \uf0fc",
    "program": "for (int i = 0; i < count; i++) { total += values[i]; } return total / count;",
    "leaders": "The first chapter ............. 3\nThe second chapter .......... 29",
    "empty": "",
}


@pytest.mark.parametrize("text", SOUND_TEXTS.values(), ids=SOUND_TEXTS)
def test_what_people_read_is_sound(text):
    assert legibility(text) >= SOUND and not lost_count(text)


@pytest.mark.parametrize(
    "text",
    [
        "/g55/g43/g40/g4/g46/g40/g40/g51/g40/g53",
        "/G3A/G4B/G0_3/uni0041/uni0042",
        "(cid:43)(cid:40)(cid:55) (cid:43)(cid:40)",
        "\x02\x03\x04 \x05\x06",
        "\ue001\ue002\ue003 \ue004\ue005",
        "$// +80$1 %(,1*6 $5( %251 )5(( $1' (48$/ ,1 ',*1,7< $1' 5,*+76",
        "Âñå ëþäè ðîæäàþòñÿ ñâîáîäíûìè è ðàâíûìè â ñâîåì äîñòîèíñòâå",
    ],
    ids=[
        "glyph names",
        "other names",
        "cids",
        "controls",
        "private use",
        "29 codes lower",
        "cyrillic as latin",
    ],
)
def test_what_fonts_without_a_map_give_is_nonsense(text):
    assert legibility(text) < READABLE


def test_text_with_other_letters_is_nonsense():
    rng = random.Random(5)
    for _ in range(20):
        letters = list(string.ascii_lowercase)
        rng.shuffle(letters)
        table = str.maketrans(string.ascii_lowercase, "".join(letters))
        assert legibility(ENGLISH.lower().translate(table)) < READABLE
    for shift in (1, 3, 13, 25):
        letters = string.ascii_lowercase[shift:] + string.ascii_lowercase[:shift]
        assert (
            legibility(ENGLISH.lower().translate(str.maketrans(string.ascii_lowercase, letters)))
            < READABLE
        )


def test_lost_letters_come_from_the_words_of_the_picture():
    text = "The con\x00dent \x00sherman met the \ufffdnder at \x00\x00."
    assert lost_count(text) == 5 and READABLE <= legibility(text) < 1
    picture = "The confident fisherman met the men"
    assert fill_lost(text, picture) == (
        "The confident fisherman met the \ufffdnder at \ufffd\ufffd."
    )
    assert fill_lost(text, "").count("\ufffd") == 5
