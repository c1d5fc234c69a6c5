"""Questions about the whole, known by their words: "summarise the book", "how does she change?"

What asks for one fact, what somebody says, or one place of a text is no such question: "Summarise
what he says about bees" and "How did the weather change?" are answered from passages.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from app.service.answering.patterns import any_of
from app.service.reading.titles import spaced, title_pattern

_TOLD = (
    r"(?:story|stories|tale|novel|book|play|fable|poem|narrative|memoir|chronicle|geschichte|roman|"
    r"erzählung|märchen|buch|livre|roman|histoire|récit|conte)"
)
_WORK = (
    rf"(?:{_TOLD}|documents?|files?|texts?|reports?|papers?|articles?|manuals?|essays?|speech|"
    rf"letters?|"
    r"materials?|transcripts?|recordings?|library|pdf|epub|meetings?|conversation|discussion|"
    r"interview|"
    r"call|lecture|dokumente?s?|texte?s?|berichte?s?|artikels?|sitzung|besprechung|gesprächs?|"
    r"unterlagen|buche?s|romans|rapports?|réunion|textes?|articles?|discours)"
)
_WHOLE = r"(?:whole|entire|full|complete|overall|ganzen?|gesamten?|ganze)"
_THE = rf"(?:the|this|that|these|my|our)\s+(?:{_WHOLE}\s+)?"
_OF = r"(?:\s+(?:of|in|from|for|to|behind)\s+)"
_PLEASE = (
    r"^\W*(?:(?:please|now|then|so|and|ok(?:ay)?|bitte|hey)\W+){0,2}"
    r"(?:(?:can|could|would|will) you (?:please\s+)?|i (?:want|need)(?: you to)?\s+|let(?:'s|"
    r"’s)\s+)?"
)
# How long it shall be, and for whom, may follow; what else follows asks for something narrower.
_END = (
    r"(?:[\s,]+(?:so far|please|briefly|shortly|again|for me|to me|in (?:short|brief|detail|"
    r"general|"
    r"full|english|german|french)|in (?:a|an|one|two|three|four|five|ten|about|at most|"
    r"\d+)\b[^.?!]{0,40}?"
    r"(?:words?|sentences?|paragraphs?|lines?|points?|bullets?|bullet points?|page)|as a list|"
    r"in your own words|from (?:the )?(?:beginning|start) to (?:the )?end|bitte|kurz))*\W*$"
)
_SUMMARY = (
    r"(?:summary|summari[sz]ation|overview|synopsis|recap|gist|abstract|résumé|précis|condensation)"
)
_MAIN = r"(?:main|major|central|key|principal|most important|essential|chief|overall|core)"
_POINTS = (
    r"(?:themes?|topics?|ideas?|points?|arguments?|events?|messages?|characters?|findings?|plots?|"
    r"conclusions?|conflicts?|subjects?|takeaways?|theses|thesis|motifs?|issues?|outcomes?|"
    r"decisions?)"
)
_THROUGH = (
    r"(?:throughout|all through|over the course of|in the course of|across|from (?:the )?beginning "
    r"to "
    rf"(?:the )?end of)\s+{_THE}{_WORK}|through\s+{_THE}{_TOLD}|(?:as|while) {_THE}{_TOLD} "
    r"(?:goes on|progresses|unfolds|proceeds)|over time|im (?:laufe|verlauf) (?:der|des) "
    rf"(?:{_WHOLE}\s+)?{_WORK}|au (?:cours|fil) (?:du|de la|de l['’])\s*{_WORK}"
)
# Names have a capital letter; "the weather" is nobody.
_NAME = (
    r"(?-i:(?:(?:Mr|Mrs|Ms|Dr|St)\.?\s+)?[A-ZÄÖÜÉ][\w’'\-]*(?:\s+(?:de|von|van|of|"
    r"the)?\s*[A-ZÄÖÜÉ][\w’'\-]*){0,3})"
)
_ROLE = r"(?:character|hero(?:ine)?|protagonist|narrator|antagonist|villain)s?"
_SOMEBODY = (
    rf"(?:he|she|they|{_NAME}|the (?:{_MAIN}\s+)?{_ROLE}|(?:his|her|their|{_NAME}(?:['’]s?)?)\s+"
    r"(?:character|attitudes?|personality|feelings?|views?|outlook|relationship|opinions?|beliefs?|"
    r"life|mood)(?: (?:to|towards?|with|for|about|of) [^?]{1,40}?)?)"
)
_CHANGE = r"(?:change|develop|evolve|mature|transform|grow as a (?:person|character|man|woman))s?d?"

_OVERVIEW = any_of(
    # Summaries.
    _PLEASE
    + r"(?:summari[sz]e|sum up|recapitulate|recap|condense|outline|retell|give an account of)\s+"
    r"(?:me\s+|for me\s+|briefly\s+)?(?:(?:the |its )?(?:whole |entire )?(?:contents?|plot|events|"
    r"story|"
    rf"storyline|main points)(?: of)? )?(?:{_THE}{_WORK}|the {_WHOLE}(?: (?:thing|lot))?|"
    r"everything|all(?: of (?:it|this|them))?|it(?: all)?|this|these|the plot|the contents?|"
    rf"(?:all |everything )?(?:what|that) (?:happens|happened|was said)(?:\s+in {_THE}{_WORK})?|"
    rf"what {_THE}{_WORK} (?:is|are|was|were) about){_END}",
    rf"{_PLEASE}(?:summari[sz]e|sum up|summary|overview|recap){_END}",
    rf"{_PLEASE}(?:(?:give|write|provide|make|show|create|draft|offer|prepare|what(?: is|'s|’s))\s+"
    r"(?:me\s+|us\s+)?)?(?:an?\s+|the\s+)?(?:\w+,?\s+){0,2}?"
    rf"{_SUMMARY}(?:{_OF}(?:{_THE}{_WORK}|the {_WHOLE}(?: thing)?|it(?: all)?|this|everything|"
    r"all of (?:it|them)))?" + _END,
    # What it is about.
    rf"\bwhat(?: is|'s|’s| was| are| were)\s+(?:{_THE}{_WORK}|this|these|it|they|everything|all "
    rf"(?:of )?"
    rf"this|all that)\s+(?:all\s+|mainly\s+|mostly\s+|generally\s+|really\s+)?about{_END}",
    rf"\bwhat (?:do|does|did) {_THE}{_WORK} (?:talk|say|tell(?: us)?|speak|deal with|cover|discuss)"
    rf"(?: about)?{_END}",
    rf"^\W*(?:and\s+)?what(?: exactly)? (?:happens|happened|is happening|goes on|went on) "
    rf"(?:in|during|throughout) {_THE}{_WORK}{_END}",
    r"\bwhat (?:was|were|is|are|has been|did \w+) (?:\w+ )?(?:discussed?|said|decided?|agreed?|"
    r"resolved|"
    rf"talked about|covered|concluded) (?:in|at|during) {_THE}{_WORK}{_END}",
    rf"\bwhat (?:was|were|is|are) the (?:{_MAIN} )?(?:focus|purpose|aim|goal|subject|topics?|"
    rf"resolutions?|"
    rf"decisions?|outcomes?|results?|themes?)(?: \w+ \w+)?(?:{_OF}|\s+(?:in|at|during)\s+){_THE}"
    rf"{_WORK}{_END}",
    rf"{_PLEASE}tell me (?:the (?:{_WHOLE} )?{_TOLD}|about {_THE}{_WORK}){_END}",
    # The plot, the setting, the themes.
    rf"\b(?:plot|storyline|premise|moral|tone|mood|atmosphere)(?:{_OF}{_THE}{_TOLD}){_END}",
    rf"\bwhat(?: is|'s|’s| was)\s+(?:the (?:plot|storyline|story|premise|moral of it|gist)|"
    rf"{_THE}{_TOLD}"
    rf"(?:['’]s) (?:plot|storyline|theme|premise|moral|message)){_END}",
    rf"\bdescribe (?:the (?:plot|events)|{_THE}{_TOLD}(?:['’]s (?:plot|setting|characters)[^?]*)?)"
    + _END,
    rf"\b(?:settings?)\b(?:\(s\))?(?:{_OF}| (?:does|do) | (?:that )?){_THE}{_TOLD}\b"
    rf"(?: (?:takes?|took) place(?: in)?)?{_END}",
    rf"\bwhere (?:does|did) {_THE}{_TOLD} (?:take place|happen|play){_END}",
    rf"\b(?:what|which|list|name|describe|explain)\b[^?]{{0,20}}\b{_MAIN} {_POINTS}"
    rf"(?:(?:{_OF}|\s+(?:raised|made|discussed) in\s+){_THE}{_WORK})?{_END}",
    rf"\bwhat(?: are|'re| were) the (?:themes|topics|characters|ideas|"
    rf"takeaways){_OF}{_THE}{_WORK}{_END}",
    rf"\bwho are the {_MAIN} (?:characters|figures|people){_END}",
    rf"\bwho are the {_MAIN} (?:characters|figures|people){_OF}{_THE}{_WORK}{_END}",
    # How somebody changes.
    rf"\bhow (?:do|does|did|has|have) {_SOMEBODY} {_CHANGE}(?: and (?:change|develop|grow|evolve))?"
    rf"(?:\s+(?:{_THROUGH}|in {_THE}{_TOLD}))?{_END}",
    r"\b(?:describe|trace|explain|discuss|analy[sz]e|what is|follow)\b[^?]{0,30}"
    rf"\b(?:development|evolution|transformation|arc|journey) of {_SOMEBODY}",
    rf"\b(?:describe|trace|explain|discuss|analy[sz]e)\s+(?:how\s+)?{_SOMEBODY}"
    rf"(?:['’]s)?\s+(?:{_CHANGE}|development|evolution|transformation|arc)\b",
    rf"\b(?:{_THROUGH})(?:,? and (?:how|why))?{_END}",
    rf"\bwhat (?:happens|happened) to {_NAME} (?:in|during) {_THE}{_TOLD}{_END}",
    r"\band what (?:happens|happened) to (?:him|her|them|it)\b",
    # How two stand to each other; what somebody is like.
    r"\b(?:describe|discuss|explain|trace|analy[sz]e)\s+(?:the\s+)?(?:\w+\s+)?relationships?\s+"
    rf"(?:between|of|with|among)\b(?=[^?]*?\b(?:{_NAME}|(?:him|her|them|the (?:{_MAIN} "
    rf")?{_ROLE})\b))",
    rf"\b(?:describe|discuss|explain|trace)\s+{_NAME}(?:['’]s?)?\s+relationship with\b",
    r"\b(?:what|how)(?: is|'s|’s| was)\s+the\s+(?:\w+\s+)?relationship\s+(?:like\s+)?between\s+"
    rf"(?:(?:the\s+)?{_NAME}\s+and\b|[^?]{{1,40}}\band\s+(?:the\s+)?{_NAME}|[^?]{{1,80}}"
    rf"\b(?:in|of) {_THE}{_TOLD})",
    rf"\bdescribe\s+(?:the\s+(?:character|personality)(?: and \w+)? of\s+{_SOMEBODY}|{_SOMEBODY}"
    rf"(?:['’]s)?\s+(?:character|personality)){_END}",
    rf"\bwhat (?:is|was|are|were) {_NAME}(?:['’]s?)?\s+(?:personality|character) like\b",
    rf"\bwho is {_NAME},? and what (?:is|are) (?:his|her|their|its) (?:\w+ )?(?:traits?|"
    r"characteristics|personality|significance|roles?)\b",
    # What something means for a tale.
    rf"\b(?:significance|importance|meaning|role)\s+(?:of|does|do|did)\b[^?]{{1,80}}\b(?:in|to|"
    rf"for)\s+"
    rf"{_THE}{_TOLD}{_END}",
    rf"\b{_NAME}['’]s?\s+(?:significance|importance|role)\s+(?:in|to|for)\s+{_THE}{_TOLD}{_END}",
    # German.
    r"^\W*(?:bitte\s+)?(?:fass|fasse|fassen)\s+(?:sie\s+)?(?:mir\s+)?(?:bitte\s+)?(?:(?:das|die|"
    r"den|"
    rf"dieses|diese|diesen|mein|alles)\s*(?:{_WHOLE}\s+)?(?:{_WORK}|ganze|handlung|inhalt)?"
    rf"(?: (?:des|der) {_WORK})?|alles|es)\s+(?:\w+\s+)?zusammen\W*$",
    r"^\W*(?:(?:gib|gebe|geben|schreib|schreibe|mach|"
    r"erstelle)\s+(?:sie\s+)?(?:mir\s+)?(?:bitte\s+)?)?"
    r"(?:eine?n?\s+|die\s+)?(?:\w+\s+)?(?:zusammenfassung|überblick|inhaltsangabe)"
    rf"(?:\s+(?:des|der|von|zum|zur|über)\s+(?:das\s+|die\s+|den\s+|"
    rf"dem\s+)?(?:{_WHOLE}\s+)?{_WORK})?"
    r"\W*$",
    rf"\b(?:worum|um was) (?:geht es|geht's|ging es)(?:\s+(?:hier|darin|in|im|bei|eigentlich)\b"
    rf"(?:\s+(?:der|dem|den|diesem|dieser|diesen)(?:\s+{_WHOLE})?)?(?:\s+{_WORK})?)?\W*$",
    rf"\b(?:wovon|von was) (?:handelt|handeln|erzählt|erzählen)\s+(?:das|die|der|dieses|diese|"
    rf"dieser|"
    rf"es)(?:\s+{_WHOLE})?(?:\s+{_WORK})?\W*$",
    rf"\bwas (?:passiert|geschieht|geschah|wurde|steht)\s+(?:in der|im|in dem|in diesem|in dieser|"
    rf"in den|"
    rf"bei der)\s+(?:{_WHOLE}\s+)?{_WORK}(?:\s+(?:besprochen|beschlossen|gesagt|diskutiert))?\W*$",
    rf"\b(?:was|wie) (?:ist|war|lautet) (?:die|der) (?:handlung|inhalt)(?:\s+(?:des|der|dieses|"
    rf"dieser|"
    rf"vom|von der)\s+(?:{_WHOLE}\s+)?{_WORK})?\W*$",
    r"\b(?:beschreibe?n?|schildere?) (?:sie )?(?:mir )?(?:die handlung|den inhalt)\b",
    r"\bwas sind die (?:haupt(?:themen|figuren|personen|aussagen)|(?:wichtigsten|zentralen) "
    r"(?:themen|figuren|personen|aussagen|ereignisse|punkte))(?:\s+(?:des|der|in|im)\b[^?]*)?\W*$",
    rf"\bwie (?:verändert|entwickelt|wandelt) sich (?:er|sie|{_NAME}|(?:die|der|das) "
    rf"(?:hauptfigur|held(?:in)?|erzähler(?:in)?|beziehung|verhältnis)[^?]{{0,60}}?)"
    rf"(?:\s+(?:{_THROUGH}|in der {_WORK}|im {_WORK}))?\W*$",
    r"\b(?:beschreibe?n?|schildere?|erkläre?) (?:sie )?(?:mir )?(?:die beziehung|das verhältnis) "
    rf"(?:zwischen|von)\s+{_NAME}",
    rf"\b(?:wie|was) ist (?:die beziehung|das verhältnis) (?:zwischen|von)\s+{_NAME}\s+und\b",
    # French.
    r"^\W*(?:résume[rz]?|peux-tu résumer|pouvez-vous résumer)(?:[- ]moi)?\s+(?:(?:tout|toute|"
    r"l['’]intégralité"
    rf" d[eu])\s*)?(?:(?:le|la|les|l['’]|ce|cet|cette|ces|du|de la)\s*{_WORK})?\W*$",
    r"^\W*(?:(?:fais|faites|donne|donnez|écris)(?:[- ]moi)?\s+)?(?:un|le)?\s*(?:\w+\s+)?résumé"
    rf"(?:\s+(?:du|de la|de l['’]|de ce|de cette|des)\s*{_WORK})?\W*$",
    rf"\bde quoi (?:parle|parlent|traite|traitent|s['’]agit-il|est-il question)(?:\s*-t-(?:il|"
    rf"elle))?"
    rf"(?:\s+(?:dans\s+)?(?:le|la|les|l['’]|ce|cet|cette|ces)\s*{_WORK})?\W*$",
    rf"\bque se passe-t-il dans (?:le|la|l['’]|ce|cet|cette)\s*{_WORK}\W*$",
    rf"\bquelle? est (?:l['’]intrigue|l['’]histoire|le sujet|le thème)(?:\s+(?:du|de la|de l['’]|"
    rf"de ce|"
    rf"de cette)\s*{_WORK})?\W*$",
    r"\bquels sont les (?:principaux )?(?:thèmes|sujets|personnages|événements|points)"
    rf"(?: (?:principaux|clés))?(?:\s+(?:du|de la|de l['’]|de ce)\s*{_WORK})?\W*$",
    rf"\bcomment (?:(?:{_NAME}|il|elle) (?:change|évolue|se transforme)(?:-t-(?:il|elle))?|"
    rf"(?:évolue|change)(?:-t-(?:il|elle)|\s+{_NAME}))(?:\s+(?:{_THROUGH}|dans [^?]+))?\s*\W*$",
    rf"\bdécri(?:s|vez)(?:[- ]moi)? la relation entre\s+{_NAME}",
    rf"\bquelle est la relation entre\s+{_NAME}\s+et\b",
)
_AT_A_PLACE = any_of(
    r"\b(?:chapters?|pages?|sections?|paragraphs?|clauses?|lines?|slides?|scenes?|kapitel|seiten?|"
    r"abschnitte?|chapitres?|lignes?)\b",
)


TITLE = "\0"
"""Stands for the title of a document in a question; see `with_marked_titles`."""
_FOR_TITLE = ("the book", "das Buch", "dem Buch", "le livre", "du livre")
MAX_CHARS = 300
"""A longer question asks for more than the whole."""
MAX_TITLES = 3
"""Titles in a question that may each be somebody's name."""


def is_about_the_whole(question: str, titles: Sequence[str] = ()) -> bool:
    """Whether a question asks about a text as a whole, or about somebody all through it.

    Args:
        titles: of the documents; "summarise TITLE" is such a question, too.

    >>> is_about_the_whole("What is the book about?"), is_about_the_whole("Who wrote the book?")
    (True, False)
    """
    text = " ".join(question.split())
    if len(text) > MAX_CHARS or _AT_A_PLACE.search(text):
        return False
    # "How does Emma change?" may speak of the person whose name the book has.
    return _is_overview(text) or _is_overview(with_marked_titles(text, titles)[0])


def without_titles(question: str, titles: Sequence[str]) -> str:
    """A question about the whole without the titles in it, but with names of people that are one.

    In "How does Emma change throughout Emma?" the first one is a name: read as the book, too, the
    question would be about nobody.

    >>> without_titles("How does Emma change throughout Emma?", ["Emma"]).split()
    ['How', 'does', 'Emma', 'change', 'throughout']
    """
    text = " ".join(question.split())
    bare, found = with_marked_titles(text, titles)
    between = bare.split(TITLE)
    if len(text) <= MAX_CHARS and len(found) <= MAX_TITLES:
        readings = itertools.product((True, False), repeat=len(found))
        for are_names in sorted(readings, key=sum, reverse=True):
            read = [t if is_name else TITLE for t, is_name in zip(found, are_names, strict=True)]
            said = "".join(itertools.chain.from_iterable(zip(between, [*read, ""], strict=True)))
            if _is_overview(said):
                return said.replace(TITLE, " ")
    return bare.replace(TITLE, " ")


def with_marked_titles(text: str, titles: Sequence[str]) -> tuple[str, list[str]]:
    """A text with `TITLE` for each title in it, and the titles as they were written there.

    Args:
        titles: of documents. Titles from the names of files may be written with spaces.

    >>> with_marked_titles("Summarise the Thirty-Nine Steps.", ["thirty_nine_steps"])
    ('Summarise \\x00.', ['the Thirty-Nine Steps'])
    """
    folded, marked = spaced(text).casefold(), text
    # Most titles are not in it; to compile a pattern of each takes seconds where there are many.
    likely = {spaced(title) for title in titles if spaced(title).casefold() in folded}
    found: dict[int, str] = {}
    for title in sorted(filter(None, likely), key=len, reverse=True):
        called = rf"(?:\bthe\s+)?[\"“'«„]?{title_pattern(title)}[\"”'»“]?"

        def mark(match: re.Match[str]) -> str:
            # As long as it was, so that the next title is found at its place.
            found[match.start()] = match[0]
            return "\2" * len(match[0])

        marked = re.sub(called, mark, marked, flags=re.IGNORECASE)
    for start in sorted(found, reverse=True):
        marked = marked[:start] + TITLE + marked[start + len(found[start]) :]
    return marked, [found[start] for start in sorted(found)]


def _is_overview(text: str) -> bool:
    """Whether a text, with `TITLE` for titles, matches as it is, or in a language that has them."""
    meant = [text.replace(TITLE, work) for work in _FOR_TITLE] if TITLE in text else [text]
    return any(_OVERVIEW.search(each) for each in meant)
