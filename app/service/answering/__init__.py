"""Answering: retrieval, prompt, the streamed answer, citations.

Knows nothing of the library or of the use cases above it. The caller holds the model.
"""
