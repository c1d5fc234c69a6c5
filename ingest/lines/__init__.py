"""Readers of text that comes in lines: plain text, source code, logs, JSON Lines."""
