"""The reader beside the conversation: the cited page, the contents of a document, and notes."""
