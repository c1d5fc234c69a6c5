"""Readers of marked-up text: HTML, EPUB and Word documents.

They fetch nothing that a file refers to, and write nothing to disk.
"""
