"""Words with which a question asks (how long, what happened) or speaks of a text (the main theme).

A text that answers such a question seldom has them ("How did she feel?" "She wept"), so whether it
has them says nothing about whether it speaks of what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import storage
from app.service.answering.words import names_in

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HOW_MUCH = re.compile(
    r"\b(how) (?:big|deep|far|high|large|late|long|many|much|often|old|soon|tall|wide)\b", re.I
)
_ASKING = """
    accord according actually affect analysis answer antagonist argue argument article aspect
    attitude audience author based basis begin beginning behind best book category cause chapter
    character characterise characteristic characterize choice cite claim classify common compare
    comparison conclude conclusion conflict consider context contrast describe description
    detail determine difference discuss effect else end ending enjoy entire essay event
    eventually everyone evidence example excerpt explain explanation express fact factor feel
    feeling felt figure following happen happened idea identify impact implication imply
    importance important include indicate indicator infer inference information initially
    instance intend intention interpret interpretation introduce introduction kind lesson likely
    list main mean meaning mention message moral motif motivation motive narrative narrator
    nature novel occur opinion option originally overall paragraph passage personality plot
    point portray possible potential primarily primary probably protagonist provide purpose
    quality quotation quote react reaction reader realisation realise realization realize reason
    recommend refer relation relationship represent respond response result role scene section
    seem sense sentence setting show significance significant situation someone sort source
    specific specifically start state statement story suggest summarise summarize summary symbol
    symbolise symbolize tale tell term text theme thing think throughout title tone topic trait
    true type typical ultimately use view way word write writer

    abschnitt artikel autor bedeutet bedeutung beispiel beschreibe beschreibt beschrieben erklären
    erklärt erzähler erwähnt figur fühlt fühlte geschah geschehen geschichte geschieht grund
    handlung inhalt kapitel laut meinung meint nennt passiert passierte rolle satz text thema titel
    wort zweck

    arrive arrivé auteur chapitre décrire décrit explique expliquer histoire mentionne narrateur
    opinion paragraphe passage personnage phrase produit raison ressent sens signifie texte titre
"""


def without_asking_words(question: str, languages: Sequence[str]) -> str:
    """A question without those words, in any form of them; a name stays ("the river Main").

    Args:
        languages: of the texts, whose endings of words do not matter.

    >>> without_asking_words("What happened to the old king?", ["english"])
    'What  to the old king?'
    """
    languages = tuple(languages) or (storage.DEFAULT_LANGUAGE,)
    asking, names = _asking_stems(languages), set(names_in(question))
    if storage.guess_language(storage.folded_words(question)) == "german":
        names = set()  # every noun has a capital letter

    def kept(found: re.Match[str]) -> str:
        if found[0] in names:
            return found[0]
        stems = {s for w in storage.folded_words(found[0]) for s in storage.stems(w, languages)}
        return "" if stems & asking else found[0]

    return _WORD.sub(kept, _HOW_MUCH.sub(r"\1", question))


@lru_cache
def _asking_stems(languages: tuple[str, ...]) -> frozenset[str]:
    words = storage.folded_words(_ASKING)
    return frozenset(stem for word in words for stem in storage.stems(word, languages))
