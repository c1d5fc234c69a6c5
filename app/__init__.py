"""The application: the service that joins runtime, ingest and storage; the page; the commands.

Contains no SQL and no computation with tensors.
"""
