"""Source code: whole lines, cut where blank lines are, best before what is not indented.

The law of `text.py` holds here too: the segments, joined, are the document.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.lines.packing import numbered_lines, pack_lines
from ingest.lines.text import TextReader

CODE_SUFFIXES = frozenset(
    ".py .pyi .pyx .ipynb .js .mjs .cjs .jsx .ts .tsx .vue .svelte .java .kt .kts .scala .groovy "
    ".clj .c .h .cc .cpp .cxx .hh .hpp .hxx .cs .fs .vb .go .rs .zig .swift .m .mm .d .nim .v .sv "
    ".vhd .rb .php .pl .pm .lua .r .jl .hs .ml .mli .erl .ex .exs .elm .lisp .el .scm .dart .pas "
    ".f .f90 .f95 .ada .asm .s .sol .sh .bash .zsh .fish .ps1 .bat .cmd .awk .sql .graphql .proto "
    ".thrift .css .scss .sass .less .json .yaml .yml .toml .ini .cfg .conf .properties .xml .xsl "
    ".xsd .tf .hcl .nix .cmake .mk .gradle .dockerfile .tex .bib .diff .patch".split()
)


@dataclass(frozen=True)
class CodeReader(TextReader):
    """Reads one file of source code."""

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        return pack_lines(numbered_lines(blocks, self.limits), self.limits, _weigh)


def _weigh(line: str, following: str) -> int:
    if line.strip() or not following.strip():
        return 0
    return 1 if following[0].isspace() else 2
