"""Readers of text that comes in lines: plain text, source code, logs, JSON Lines.

They do not choose which file they read: `ingest/opening.py` does.
"""
