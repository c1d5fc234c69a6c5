"""Reads source code: whole lines, cut at blank lines, preferably before a line without indentation.

The joined texts of the segments are the document.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document import Document, Segment
from ingest.lines.packing import Line, numbered_lines, pack_lines
from ingest.lines.text import TextReader

CODE_SUFFIXES = frozenset(
    ".py .pyi .pyx .js .mjs .cjs .jsx .ts .tsx .vue .svelte .java .kt .kts .scala .groovy "
    ".clj .c .h .cc .cpp .cxx .hh .hpp .hxx .cs .fs .vb .go .rs .zig .swift .m .mm .d .nim .v .sv "
    ".vhd .rb .php .pl .pm .lua .r .jl .hs .ml .mli .erl .ex .exs .elm .lisp .el .scm .dart .pas "
    ".f .f90 .f95 .ada .asm .s .sol .sh .bash .zsh .fish .ps1 .bat .cmd .awk .sql .graphql .proto "
    ".thrift .css .scss .sass .less .json .yaml .yml .toml .ini .cfg .conf .properties .xml .xsl "
    ".xsd .tf .hcl .nix .cmake .mk .gradle .dockerfile .tex .bib .diff .patch".split()
)


@dataclass(frozen=True)
class CodeReader(TextReader):
    """Reads one file of source code."""

    is_for_terminals = False

    def cut(self, blocks: Iterable[str], document: Document) -> Iterator[Segment]:
        """Yield segments of whole lines, cut at blank lines where possible."""
        return pack_lines(numbered_lines(blocks, self.limits), self.limits, _rate_cut)


def _rate_cut(line: Line, following: Line) -> int:
    """Return how good a cut between two lines is: 0, 1 or, best, 2."""
    if line.text.strip() or not following.text.strip():
        return 0
    return 1 if following.text[0].isspace() else 2
