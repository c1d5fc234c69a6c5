"""Measurements of quality: what a window and a memory change in a model's predictions.

It measures runtimes on texts and on stored sessions, and knows no page. In the application only
commands import it.
"""
