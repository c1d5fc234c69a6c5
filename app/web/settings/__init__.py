"""The settings tab: the session's settings, reading it again with others, theme and server."""
