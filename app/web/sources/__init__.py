"""The sources in the left pane: the documents of a session, and adding to them."""
