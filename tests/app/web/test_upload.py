"""Uploaded files keep the names that people gave them."""

import gradio as gr
from gradio.data_classes import FileData, ListFiles

from app.web.sources.upload import keep_names, name_of

NAME = "C# & 'notes' 100%? #1.txt"


def test_a_field_hands_on_the_name_of_the_file_and_not_of_its_copy(tmp_path):
    field = gr.File(file_count="multiple")
    keep_names(field)
    copy = tmp_path / "C.txt"
    payload = ListFiles([FileData(path=str(copy), orig_name=NAME), FileData(path=str(copy))])
    first, second = field.preprocess(payload)
    assert (first, name_of(first)) == (str(copy), NAME)
    assert name_of(second) == name_of(str(copy)) == "C.txt"
    assert field.preprocess(None) is None
