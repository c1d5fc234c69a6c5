"""Readers of e-mail: messages, mailboxes, Outlook messages, and web pages saved as messages.

Bodies are read as text; attachments are named in a note and never read.
"""
