"""Metrics by name: each compares an answer with the references and gives a score from 0 to 1.

A metric with a benchmark's name follows that benchmark's rule to the letter, so that scores can be
set beside published ones. Each says what its references are, where they are not just right answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evaluation.metrics import infinitebench, longbench, lveval, overlap, rouge, ruler

Metric = Callable[[str, Sequence[str]], float]
"""(answer, references, one or more) -> score from 0 to 1."""

METRICS: dict[str, Metric] = {
    "token_f1": overlap.token_f1,
    "character_f1": overlap.character_f1,
    "word_f1_chinese": overlap.word_f1_chinese,
    "exact_match": overlap.exact_match,
    "substring_match": overlap.substring_match,
    "rouge_l": rouge.rouge_l,
    "rouge_lsum": rouge.rouge_lsum,
    "ruler_all": ruler.string_match_all,
    "ruler_part": ruler.string_match_part,
    "lveval_f1": lveval.keyword_f1,
    "lveval_f1_chinese": lveval.keyword_f1_chinese,
    "lveval_rouge_l_chinese": lveval.rouge_l_chinese,
    "infinitebench_first_digits": infinitebench.first_digits,
    "infinitebench_first_number": infinitebench.first_number,
    "infinitebench_words": infinitebench.among_words,
    "infinitebench_first_label": infinitebench.first_label,
    "infinitebench_last_word": infinitebench.last_word_as_integer,
    "infinitebench_leading_values": infinitebench.leading_values,
    "infinitebench_option": infinitebench.option_letter,
    "infinitebench_function": infinitebench.function_or_letter,
    "longbench_rouge_l": rouge.rouge_l_of_distinct_words,
    "longbench_rouge_l_chinese": longbench.rouge_l_chinese,
    "longbench_rouge_l_first_line": longbench.of_first_line(rouge.rouge_l_of_distinct_words),
    "longbench_f1_first_line": longbench.of_first_line(overlap.token_f1),
    "longbench_classification": longbench.of_first_line(longbench.classification),
    "longbench_count": longbench.count,
    "longbench_retrieval": longbench.retrieval,
    "longbench_code": longbench.code_similarity,
}
