"""Readers of text that comes in lines: plain text, code, logs, JSON Lines, notebooks, subtitles.

They do not choose which file they read: `ingest/recognition.py` does.
"""
