"""English words whose forms have different stems: "went" is a form of "go", "men" of "man"."""

from __future__ import annotations

_FORMS = """
arise arose arisen; awake awoke awoken; bear bore borne born; beat beaten; become became;
begin began begun; bend bent; bind bound; bite bit bitten; bleed bled; blow blew blown;
break broke broken; breed bred; bring brought; build built; burn burnt; buy bought;
catch caught; choose chose chosen; cling clung; come came; creep crept; deal dealt; dig dug;
do did done; draw drew drawn; dream dreamt; drink drank drunk; drive drove driven;
dwell dwelt; eat ate eaten; fall fell fallen; feed fed; feel felt; fight fought; find found;
flee fled; fling flung; fly flew flown; forbid forbade forbidden; forget forgot forgotten;
forgive forgave forgiven; freeze froze frozen; get got gotten; give gave given; go went gone;
grind ground; grow grew grown; hang hung; hear heard; hide hid hidden; hold held; keep kept;
kneel knelt; know knew known; lay laid; lead led; leap leapt; learn learnt; leave left; lend lent;
lie lay lain; light lit; lose lost; make made; mean meant; meet met; pay paid; ride rode ridden;
ring rang rung; rise rose risen; run ran; say said; see saw seen; seek sought; sell sold; send sent;
shake shook shaken; shine shone; shoot shot; show shown; shrink shrank shrunk; sing sang sung;
sink sank sunk; sit sat; sleep slept; slide slid; speak spoke spoken; spend spent; spin spun span;
spring sprang sprung; stand stood; steal stole stolen; stick stuck; sting stung;
stride strode stridden; strike struck stricken; strive strove striven; swear swore sworn;
sweep swept; swim swam swum; swing swung; take took taken; teach taught; tear tore torn;
tell told; think thought; throw threw thrown; understand understood; wake woke woken;
wear wore worn; weave wove woven; weep wept; win won; wind wound; withdraw withdrew withdrawn;
write wrote written;
man men; woman women; child children; foot feet; tooth teeth; goose geese; mouse mice; ox oxen;
wife wives; wolf wolves; knife knives; life lives; thief thieves; leaf leaves; loaf loaves;
half halves; shelf shelves; person people; die dying died
"""
_OTHER_WORDS = frozenset("lay found left saw rose bore wound ground lives leaves lit".split())
_BASES = {
    form: base
    for entry in _FORMS.replace("\n", " ").split(";")
    for base, *forms in [entry.split()]
    for form in forms
    if form not in _OTHER_WORDS
}


def base_form(word: str) -> str:
    """The form of a word from which its irregular ones are made; the word itself if it is regular.

    Forms that are more often another word ("left", "saw", "rose") are left as they are.

    Args:
        word: in lower case.

    >>> base_form("went"), base_form("women"), base_form("walked")
    ('go', 'woman', 'walked')
    """
    return _BASES.get(word, word)
