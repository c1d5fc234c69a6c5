"""LongBench: 21 tasks of 1 to 20 thousand words, and 13 of them once more by length ("..._e").

Where the prompt is made of examples, only an answer's first line is scored. LongBench asks chat
models these tasks (trec, triviaqa, samsum, lsht) and the two of code without their chat turns.

Source: arXiv 2308.14508; prompts, lengths of answers and rules from THUDM/LongBench (MIT).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.released.files import Record, Source, find_file, records
from evaluation.released.prompts import filled, without_context
from evaluation.tasks.item import Item

URL = "https://huggingface.co/datasets/THUDM/LongBench"
LICENCE = "MIT, the texts under their own licences"


@dataclass(frozen=True)
class Task:
    """One of the tasks.

    Args:
        prompt: with `{context}` and `{input}`.
        max_new_tokens: of an answer.
        metric: name of its metric.
    """

    prompt: str
    max_new_tokens: int
    metric: str


UNANSWERABLE = (
    "If the question cannot be answered based on the information in the article, write "
    '"unanswerable". If the question is a yes/no question, answer "yes", "no", or "unanswerable". '
    "Do not provide any explanation."
)
FROM_PASSAGES = (
    "Answer the question based on the given passages. Only give me the answer and do not output "
    "any other words."
)
PASSAGES = (
    f"{FROM_PASSAGES}\n\nThe following are given passages.\n{{context}}\n\n{FROM_PASSAGES}\n\n"
    "Question: {input}\nAnswer:"
)

TASKS = {
    "narrativeqa": Task(
        "You are given a story, which can be either a novel or a movie script, and a question. "
        "Answer the question as concisely as you can, using a single phrase if possible. Do not "
        "provide any explanation.\n\nStory: {context}\n\nNow, answer the question based on the "
        "story as concisely as you can, using a single phrase if possible. Do not provide any "
        "explanation.\n\nQuestion: {input}\n\nAnswer:",
        128,
        "token_f1",
    ),
    "qasper": Task(
        "You are given a scientific article and a question. Answer the question as concisely as "
        f"you can, using a single phrase or sentence if possible. {UNANSWERABLE}\n\n"
        "Article: {context}\n\n Answer the question based on the above article as concisely as "
        f"you can, using a single phrase or sentence if possible. {UNANSWERABLE}\n\n"
        "Question: {input}\n\nAnswer:",
        128,
        "token_f1",
    ),
    "multifieldqa_en": Task(
        "Read the following text and answer briefly.\n\n{context}\n\nNow, answer the following "
        "question based on the above text, only give me the answer and do not output any other "
        "words.\n\nQuestion: {input}\nAnswer:",
        64,
        "token_f1",
    ),
    "multifieldqa_zh": Task(
        "阅读以下文字并用中文简短回答：\n\n{context}\n\n现在请基于上面的文章回答下面的问题，"
        "只告诉我答案，不要输出任何其他字词。\n\n问题：{input}\n回答：",
        64,
        "word_f1_chinese",
    ),
    "hotpotqa": Task(PASSAGES, 32, "token_f1"),
    "2wikimqa": Task(PASSAGES, 32, "token_f1"),
    "musique": Task(PASSAGES, 32, "token_f1"),
    "dureader": Task(
        "请基于给定的文章回答下述问题。\n\n文章：{context}\n\n请基于上述文章回答下面的问题。\n\n"
        "问题：{input}\n回答：",
        128,
        "longbench_rouge_l_chinese",
    ),
    "gov_report": Task(
        "You are given a report by a government agency. Write a one-page summary of the report.\n\n"
        "Report:\n{context}\n\nNow, write a one-page summary of the report.\n\nSummary:",
        512,
        "longbench_rouge_l",
    ),
    "qmsum": Task(
        "You are given a meeting transcript and a query containing a question or instruction. "
        "Answer the query in one or more sentences.\n\nTranscript:\n{context}\n\nNow, answer the "
        "query based on the above meeting transcript in one or more sentences.\n\n"
        "Query: {input}\nAnswer:",
        512,
        "longbench_rouge_l",
    ),
    "multi_news": Task(
        "You are given several news passages. Write a one-page summary of all news. \n\n"
        "News:\n{context}\n\nNow, write a one-page summary of all the news.\n\nSummary:",
        512,
        "longbench_rouge_l",
    ),
    "vcsum": Task(
        "下面有一段会议记录，请你阅读后，写一段总结，总结会议的内容。\n会议记录：\n{context}\n\n"
        "会议总结：",
        512,
        "longbench_rouge_l_chinese",
    ),
    "trec": Task(
        "Please determine the type of the question below. Here are some examples of questions.\n\n"
        "{context}\n{input}",
        64,
        "longbench_classification",
    ),
    "triviaqa": Task(
        "Answer the question based on the given passage. Only give me the answer and do not "
        "output any other words. The following are some examples.\n\n{context}\n\n{input}",
        32,
        "longbench_f1_first_line",
    ),
    "samsum": Task(
        "Summarize the dialogue into a few short sentences. The following are some examples.\n\n"
        "{context}\n\n{input}",
        128,
        "longbench_rouge_l_first_line",
    ),
    "lsht": Task(
        "请判断给定新闻的类别，下面是一些例子。\n\n{context}\n{input}",
        64,
        "longbench_classification",
    ),
    "passage_count": Task(
        "There are some paragraphs below sourced from Wikipedia. Some of them may be duplicates. "
        "Please carefully read these paragraphs and determine how many unique paragraphs there "
        "are after removing duplicates. In other words, how many non-repeating paragraphs are "
        "there in total?\n\n{context}\n\nPlease enter the final count of unique paragraphs after "
        "removing duplicates. The output format should only contain the number, such as 1, 2, 3, "
        "and so on.\n\nThe final answer is: ",
        32,
        "longbench_count",
    ),
    "passage_retrieval_en": Task(
        "Here are 30 paragraphs from Wikipedia, along with an abstract. Please determine which "
        "paragraph the abstract is from.\n\n{context}\n\nThe following is an abstract.\n\n{input}"
        "\n\nPlease enter the number of the paragraph that the abstract is from. The answer format "
        'must be like "Paragraph 1", "Paragraph 2", etc.\n\nThe answer is: ',
        32,
        "longbench_retrieval",
    ),
    "passage_retrieval_zh": Task(
        "以下是若干段落文字，以及其中一个段落的摘要。请确定给定的摘要出自哪一段。\n\n{context}\n\n"
        "下面是一个摘要\n\n{input}\n\n请输入摘要所属段落的编号。"
        '答案格式必须是"段落1"，"段落2"等格式\n\n答案是：',
        32,
        "longbench_retrieval",
    ),
    "lcc": Task(
        "Please complete the code given below. \n{context}Next line of code:\n",
        64,
        "longbench_code",
    ),
    "repobench-p": Task(
        "Please complete the code given below. \n{context}{input}Next line of code:\n",
        64,
        "longbench_code",
    ),
}
BY_LENGTH = (
    *("qasper", "multifieldqa_en", "hotpotqa", "2wikimqa", "gov_report", "multi_news", "trec"),
    *("triviaqa", "samsum", "passage_count", "passage_retrieval_en", "lcc", "repobench-p"),
)
TASKS |= {f"{name}_e": TASKS[name] for name in BY_LENGTH}


def load(folder: Path, task: str) -> Iterator[Item]:
    """Yield a task's items, in the file's order.

    Args:
        folder: with the unpacked files, such as data/narrativeqa.jsonl; they may also be in the
            folder itself.
        task: a key of `TASKS`.

    Raises:
        BenchmarkFileError: the file is missing, or a line is not LongBench's.
    """
    source = Source("LongBench", f"{task}.jsonl from data.zip", URL, LICENCE)
    path = find_file(folder, (f"{task}.jsonl", f"data/{task}.jsonl"), source)
    for record in records(path, source):
        yield _item(task, record)


def _item(name: str, record: Record) -> Item:
    record.refuse_other({name, name.removesuffix("_e")}, TASKS)
    task, asked = TASKS[name], record.text("input")
    prompt = filled(task.prompt, input=asked)
    references = record.values("answers")
    if task.metric == "longbench_classification":
        if len(references) != 1:
            raise record.refusal(f"has {len(references)} right classes instead of one")
        references += record.values("all_classes")
    if task.metric == "longbench_retrieval" and not any(map(str.isdigit, references[0])):
        raise record.refusal('has an "answers" without the number of a paragraph')
    return Item(
        id=f"longbench/{name}/{record.index}",
        documents=((f"{name} {record.index}", record.filled_text("context")),),
        question=asked if asked.strip() else without_context(prompt),
        prompt=prompt,
        references=references,
        choices=(),
        max_new_tokens=task.max_new_tokens,
        metric=task.metric,
    )
