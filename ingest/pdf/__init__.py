"""The PDF reader, and what it takes to turn pages into readable text.

It knows no other format. PDFium runs in a worker process of `ingest/sandbox`.
"""
