"""Whether what a file states as its title is one that a person would call it by.

Programs write titles that nobody chose: "Microsoft Word - Document1.doc", "untitled", "Scan_001",
the path of a draft. Everything here comes from outside; it is bounded and cleaned before it is
judged, and what is refused only makes way for the next candidate.
"""

import re

from ingest.naming import MAX_TITLE_CHARS, clean_line

MAX_STATED_CHARS = 250
"""What is longer is a paragraph that stands where a title belongs."""
_MIN_LETTERS = 2

# Whole titles that programs give, in the languages in which they are sold.
_PLACEHOLDER = re.compile(
    r"""(?:
    (?:the\ )?(?:untitled|unnamed|no\ ?title|no\ ?name|no\ ?subject|unknown(?:\ title)?)
    (?:\ (?:document|page|file|notebook|presentation))?
    | (?:new|blank|empty|my)\ (?:document|page|file|presentation)
    | (?:word|text|pdf|rich\ text)\ (?:document|file)
    | unbenannt(?:es\ dokument)?|ohne\ titel|neues\ dokument|kein\ betreff|unbekannt
    | (?:document\ )?sans\ (?:titre|nom)|nouveau\ document|inconnu
    | (?:documento\ )?sin\ t[ií]tulo|nuevo\ documento|desconocido
    | senza\ (?:titolo|nome)|sem\ t[ií]tulo|zonder\ titel|naamloos|без\ (?:имени|названия)
    | (?:document|dokument|documento|doc|presentation|pr[aä]sentation|pr[eé]sentation|slide|folie
        |book|mappe|classeur|workbook|notebook|sheet|layout|drawing|chart|picture|page|section
        |scan|scanned(?:\ (?:document|image|from.*))?|numéris\w+|img|image|dsc|file|export|output
        |report|print|template|vorlage|mod[eè]le)?[\ _#(-]*\d*\)?
    | powerpoint[\ -]pr[aäeé]sentation|pr[eé]sentation\ powerpoint|presentaci[oó]n\ de\ powerpoint
    | (?:document\ |enter\ |insert\ |your\ |the\ |add\ |type\ |click\ to\ add\ )*title(?:\ here)?
    | titel|titre|t[ií]tulo|title\ of\ (?:the\ )?(?:paper|document|article|book)
    | (?:full|whole)\ page\ photo|about:blank|index|home(?:page)?|main|start|default|cover|null
    | none|nan|undefined|n/?a|tbd|todo|test|temp|tmp|draft|readme|lorem\ ipsum.*
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# What a program puts before the name of the file that it printed, or for a title.
_PRINTED = re.compile(
    r"(?:microsoft|ms) ?(?:word|excel|powerpoint|publisher|visio|outlook|office) *[-–:]|"
    r"(?:acrobat|adobe|quarkxpress|pagemaker|framemaker|pdftex|dvips)(?: \w+)?\W*\d[\d.]*$|"
    r"(?:print|printing|scan|scanned|fax)[ _-]+(?:of |from )?(?:\d{3,}|.*\.\w{3,4}$)|"
    r"(?:created|generated|produced|converted|exported|printed) (?:by|with|from|in) ",
    re.IGNORECASE,
)
_PATH = re.compile(r"[a-z]:\S|\\\\|\.{0,2}/|~/|[a-z][a-z0-9+.-]*://|file:|mailto:|www\.", re.I)
_FILE_NAME = re.compile(
    r".*\.(?:docx?|dotx?|rtf|odt|ott|wp[ds]?|pages|tex|dvi|e?ps|pdf|indd?|qx[pd]|fm|pmd|p65|pub|cdr"
    r"|ai|psd|xlsx?|xlsm|csv|pptx?|ppsx?|odp|ods|html?|xhtml|php|aspx?|jsp|xml|txt|md|epub|mobi|azw3?"
    r"|fb2|jpe?g|png|tiff?|gif|bmp|svg|zip|bak|tmp|dwg|vsdx?|eml|msg)\W*",
    re.IGNORECASE,
)
# No title in any language; names of cameras, scanners and databases are.
_CODE = re.compile(
    r"(?:[0-9a-f]{8,}|[0-9a-f]{4,}(?:-[0-9a-f]{4,}){2,}|(?:urn|isbn|uuid|doi|oai|pii)\b.*"
    r"|[a-z]{0,6}[-_ ]?\d{5,}[\w.-]*)",
    re.IGNORECASE,
)
_REPLACED = re.compile("[\ufffd\u25a1]|þÿ|ÿþ|\\?{3,}|Ã[\u0080-\u00bf]|â€")
_TEMPLATE = re.compile(r"\{\{|\}\}|\$\{|<%|%>|<\w+>|\[(?:your|insert|title|name)\b", re.IGNORECASE)
_PARTS = re.compile(
    r"""(?:
    (?:table\ of\ )?contents?|introduction|preface|foreword|abstract|summary|overview|index|appendix
    |acknowledge?ments?|dedication|prologue|epilogue|notes?|references|bibliography|copyright
    |changelog|license|about(?:\ this\ \w+)?|getting\ started|installation|usage|background
    |(?:inhalt(?:sverzeichnis)?|einleitung|vorwort|zusammenfassung|anhang|kapitel)
    |(?:table\ des\ mati[eè]res|sommaire|pr[eé]face|avant-propos|r[eé]sum[eé]|chapitre)
    |(?:[ií]ndice|introducci[oó]n|pr[oó]logo|resumen|cap[ií]tulo)
    |(?:chapter|part|book|section|volume|kapitel|teil|chapitre|partie|cap[ií]tulo|parte)
     \ (?:\d+|[ivxlc]+|one|two|three|the\ first|eins|un|uno)
    |\d+|[ivxlc]+
    )[.:]?""",
    re.VERBOSE | re.IGNORECASE,
)


def plausible_title(stated: str, *, is_heading: bool = False) -> str | None:
    """Return a stated title, cleaned and on one line; None if nobody would call a document so.

    Args:
        stated: as the file has it, of any length.
        is_heading: it is a heading of the text, so those of a part ("Contents") are no title.

    >>> plausible_title("Moby-Dick;  or, The Whale\\n")
    'Moby-Dick; or, The Whale'
    >>> plausible_title("Microsoft Word - Document1.doc")
    """
    if len(stated) > 4 * MAX_STATED_CHARS:
        return None
    whole = clean_line(stated, MAX_STATED_CHARS + 1)
    if len(whole) > MAX_STATED_CHARS or _is_junk(whole):
        return None
    if is_heading and _PARTS.fullmatch(whole):
        return None
    return clean_line(whole, MAX_TITLE_CHARS)


def _is_junk(title: str) -> bool:
    bare = title.strip("\"'“”„«»‘’()[]<>*_#=~-–— .")
    letters = {character.casefold() for character in bare if character.isalpha()}
    is_year = bare.isdecimal() and len(bare) == 4  # a novel is called so
    is_ideographic = any("\u3040" <= character <= "\u9fff" for character in bare)
    if len(letters) < _MIN_LETTERS and not is_year and not (is_ideographic and len(bare) > 1):
        return True
    has_spaces = " " in title
    return bool(
        (not is_year and _PLACEHOLDER.fullmatch(bare))
        or _PRINTED.match(bare)
        or _PATH.match(title)
        or _FILE_NAME.fullmatch(title)
        or _REPLACED.search(title)
        or _TEMPLATE.search(title)
        or (not is_year and _CODE.fullmatch(bare))
        or (not has_spaces and ("_" in title or "\\" in title or title.count("/") > 1))
    )
