"""The web page: its server, its sidebar and its tabs; the only package that imports gradio.

It changes sessions and documents through the service only.
"""
