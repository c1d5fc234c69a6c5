"""The web page: its server, its sidebar and its tabs; the only room that imports gradio."""
