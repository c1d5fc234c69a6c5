"""Worker processes that open files from outside, so that a bad file harms only its worker.

`process.py` is the one client and `protocol.py` the one protocol; `limits.py` bounds every worker.
There are three workers: `worker.py` reads documents (`pool.py` asks it), `pdfium_worker.py` gives
the text and image of PDF pages (`pdfium.py`), and `render_worker.py` draws pages for display
(`render.py`). Before it looks at a file, a worker gives up all that it does not need for that
(`confinement.py`); `host.py` forks such a process for each document, and `probe.py` says what this
machine refuses it. This file imports nothing, because the light workers import the package.
"""
