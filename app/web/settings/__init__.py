"""The settings tab: how a session was made, reading it again, the theme, the server."""
