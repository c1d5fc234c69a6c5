"""The chat shows texts as they are written."""

import gradio as gr

from app.web.chat.tab import lay_out_chat


def test_nothing_in_a_message_is_typeset_or_rendered():
    """`$$x^2$$` was typeset by the browser."""
    with gr.Blocks():
        messages = lay_out_chat().messages
    assert messages.latex_delimiters == [] and messages.render_markdown is False
