"""LV-Eval: 11 sets of questions in English and Chinese, each at five lengths up to 256k words.

A task is a set at a length, such as "hotpotwikiqa_mixup_16k". Only the first reference is scored,
beside the keywords of the answer where the set has them.

Source: arXiv 2402.05136; prompts, lengths of answers and rules from infinigence/LVEval (MIT).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.released.files import Record, Source, find_file, records
from evaluation.released.prompts import filled
from evaluation.tasks.item import Item

URL = "https://huggingface.co/datasets/Infinigence/LVEval"
LICENCE = "CC-BY-SA-4.0"
LEVELS = ("16k", "32k", "64k", "128k", "256k")


@dataclass(frozen=True)
class Set:
    """One of the sets.

    Args:
        prompt: with `{context}` and `{input}`, the question.
        metric: name of its metric.
        max_new_tokens: of an answer.
    """

    prompt: str
    metric: str
    max_new_tokens: int = 64


def _english(question: str, again: str) -> str:
    return f"{question}\n\nArticle: {{context}}\n\n{again}\n\nQuestion: {{input}}\nAnswer:"


def _chinese(question: str, again: str) -> str:
    return f"{question}\n\n文章：{{context}}\n\n{again}\n\n问题：{{input}}\n回答："


ONLY_THE_ANSWER = "Only give me the answer and do not output any other explanation and evidence."
ONE_PASSAGE = f"Questions and answers are only relevant to one passage. {ONLY_THE_ANSWER}"
SOME_PASSAGES = f"Questions and answers are only relevant to some passages. {ONLY_THE_ANSWER}"
ONE_ARTICLE_CHINESE = "问题和答案只与其中一篇文章有关。"
ONLY_THE_ANSWER_CHINESE = "只需要直接给出问题的答案，不要输出其他任何解释和证据。"

SINGLE_HOP = _english(
    f"Please answer the following question based on the given passages. {ONE_PASSAGE}",
    f"Please answer the following question based on the above passages. {ONE_PASSAGE}",
)
MULTI_HOP = _english(
    f"Answer the question based on the given passages. {SOME_PASSAGES}",
    f"Please answer the following question based on the above passages. {SOME_PASSAGES}",
)
FACT_RECALL = _english(
    "Please answer the following questions based on the given article.",
    "Please answer the following questions based on the above article.",
)
MULTI_FIELD_CHINESE = _chinese(
    f"请阅读以下文章并用中文回答问题，{ONE_ARTICLE_CHINESE}{ONLY_THE_ANSWER_CHINESE}",
    f"请基于上面的文章回答下面的问题，{ONE_ARTICLE_CHINESE}{ONLY_THE_ANSWER_CHINESE}",
)
FACT_RECALL_CHINESE = _chinese(
    "请基于给定的文章回答下述问题。", "现在请基于上述文章回答下面的问题。"
)
FROM_ARTICLES_CHINESE = f"请根据下面给定的文章回答问题，{ONE_ARTICLE_CHINESE}"
NOW_CHINESE = _chinese(
    FROM_ARTICLES_CHINESE, f"现在请基于上述文章回答下面的问题，{ONE_ARTICLE_CHINESE}"
)
PLEASE_NOW_CHINESE = _chinese(
    FROM_ARTICLES_CHINESE, f"请现在基于上述文章回答下面的问题，{ONE_ARTICLE_CHINESE}"
)

SETS = {
    "hotpotwikiqa_mixup": Set(MULTI_HOP, "lveval_f1"),
    "loogle_SD_mixup": Set(SINGLE_HOP, "lveval_f1"),
    "loogle_CR_mixup": Set(SINGLE_HOP, "lveval_f1"),
    "loogle_MIR_mixup": Set(SINGLE_HOP, "lveval_f1"),
    "multifieldqa_en_mixup": Set(SINGLE_HOP, "lveval_f1"),
    "multifieldqa_zh_mixup": Set(MULTI_FIELD_CHINESE, "lveval_f1_chinese"),
    "factrecall_en": Set(FACT_RECALL, "token_f1", 16),
    "factrecall_zh": Set(FACT_RECALL_CHINESE, "word_f1_chinese", 16),
    "cmrc_mixup": Set(NOW_CHINESE, "lveval_f1_chinese"),
    "lic_mixup": Set(PLEASE_NOW_CHINESE, "lveval_f1_chinese"),
    "dureader_mixup": Set(NOW_CHINESE, "lveval_rouge_l_chinese"),
}
WITH_KEYWORDS = ("lveval_f1", "lveval_f1_chinese")
TASKS = {f"{name}_{level}": kind for name, kind in SETS.items() for level in LEVELS}


def load(folder: Path, task: str) -> Iterator[Item]:
    """Yield a task's items, in the file's order.

    Args:
        folder: with the unpacked files, such as hotpotwikiqa_mixup/hotpotwikiqa_mixup_16k.jsonl;
            they may also be in the folder itself.
        task: a key of `TASKS`.

    Raises:
        BenchmarkFileError: the file is missing, or a line is not LV-Eval's.
    """
    name = task.rpartition("_")[0]
    source = Source("LV-Eval", f"{task}.jsonl from {name}.zip", URL, LICENCE)
    path = find_file(folder, (f"{task}.jsonl", f"{name}/{task}.jsonl"), source)
    for record in records(path, source):
        yield _item(task, record)


def _item(task: str, record: Record) -> Item:
    record.refuse_other({task, task.rpartition("_")[0]}, {*TASKS, *SETS})
    kind, question = TASKS[task], record.filled_text("input")
    references = record.values("answers")[:1]
    keywords = record.fields.get("answer_keywords")
    if kind.metric in WITH_KEYWORDS and keywords:
        references += (record.filled_text("answer_keywords"),)
    return Item(
        id=f"lveval/{task}/{record.index}",
        documents=((f"{task} {record.index}", record.filled_text("context")),),
        question=question,
        prompt=filled(kind.prompt, input=question),
        references=references,
        choices=(),
        max_new_tokens=kind.max_new_tokens,
        metric=kind.metric,
    )
