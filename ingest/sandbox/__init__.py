"""Worker processes that open files from outside, so that a bad file harms only its worker.

`process.py` is the one client and `protocol.py` the one protocol; `limits.py` bounds every worker.
There are three workers: `worker.py` reads documents (`pool.py` asks it), `pdfium_worker.py` gives
the text and image of PDF pages (`pdfium.py`), and `render_worker.py` draws pages for display
(`render.py`). This file imports nothing, because the light workers import the package.
"""
