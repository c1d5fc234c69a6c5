"""The web page. The only package that imports gradio."""
