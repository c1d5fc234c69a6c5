"""Answering: retrieval, prompt, the streamed answer, citations."""
