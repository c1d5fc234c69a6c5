"""QMSum: questions about meetings that are answered by a summary.

A line of the file is a meeting: {"meeting_transcripts": [{"speaker", "content"}],
"general_query_list" and "specific_query_list": [{"query", "answer"}]}.

Source: "QMSum: A New Benchmark for Query-based Multi-domain Meeting Summarization"
(arXiv 2104.05938).
"""

from __future__ import annotations

from evaluation.tasks.item import Item
from evaluation.tasks.local.files import (
    ANY_JSON_LINES,
    find_file,
    objects_of,
    read_json_lines,
    text_of,
)
from evaluation.tasks.local.libraries import Document, shelve
from evaluation.tasks.local.squality import summary_item
from evaluation.tasks.options import TaskOptions, sample

PATTERNS = ("qmsum_*.jsonl", ANY_JSON_LINES)
SOURCE = "https://github.com/Yale-LILY/QMSum, folder data/ALL/jsonl"
LISTS = ("general_query_list", "specific_query_list")


def qmsum(options: TaskOptions) -> list[Item]:
    """Questions about each meeting, or about meetings joined to the length asked for.

    Raises:
        ValueError: the file is missing or malformed.
        OSError: it cannot be opened.
    """
    meetings = list(read_json_lines(find_file(options.data, "qmsum", PATTERNS, SOURCE)))
    documents: dict[str, Document] = {}
    for number, (raw, where) in enumerate(meetings, start=1):
        turns = objects_of(raw, "meeting_transcripts", where)
        spoken = (f"{turn.get('speaker', '')}: {turn.get('content', '')}" for turn in turns)
        documents[str(number)] = (f"Meeting {number}", "\n".join(spoken))
    shelves = shelve(documents, options)
    items = [
        summary_item(
            f"{number} {kind} {i}",
            shelves[str(number)],
            text_of(query, "query", where),
            (text_of(query, "answer", where),),
        )
        for number, (raw, where) in enumerate(meetings, start=1)
        for kind in LISTS
        for i, query in enumerate(objects_of(raw, kind, where))
    ]
    return sample(items, options)
