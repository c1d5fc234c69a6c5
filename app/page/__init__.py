"""The web page: server, layout, what its buttons do, and its HTML. Only here is gradio known."""
