"""Colours and shapes of the page; system fonts only, so that nothing is fetched."""

CSS = """
footer { display: none !important; }
.brand { font-size: 1.5rem; font-weight: 700; letter-spacing: -.02em; }
.brand small { display: block; font-size: .8rem; font-weight: 400; opacity: .75; }
.doc { border: 1px solid var(--border-color-primary); border-radius: 12px; padding: 12px 14px;
       margin-bottom: 10px; background: var(--background-fill-primary); }
.doc-title { font-weight: 600; overflow-wrap: anywhere; }
.bar { height: 6px; border-radius: 3px; background: var(--border-color-primary);
       margin: 8px 0; overflow: hidden; }
.bar span { display: block; height: 100%; background: #0f766e; }
.doc.failed .bar span { background: #b91c1c; }
.facts, .tile span { font-size: .85rem; opacity: .8; }
.problem { font-size: .85rem; color: #b91c1c; margin-top: 4px; }
.dark .problem { color: #fca5a5; }
.empty { padding: 28px; text-align: center; border: 1px dashed var(--border-color-primary);
         border-radius: 12px; }
.notice { padding: 10px 14px; border-radius: 10px; background: #fef3c7; color: #78350f;
          margin-bottom: 10px; font-size: .9rem; }
.sources details { border: 1px solid var(--border-color-primary); border-radius: 10px;
                   padding: 8px 12px; margin-top: 6px; }
.sources details.cited { border-color: #0f766e; }
.quick { color: var(--body-text-color-subdued); font-size: .85em; margin-top: 6px; }
.sources summary { cursor: pointer; overflow-wrap: anywhere; }
.sources summary i { font-size: .8rem; opacity: .75; margin-left: 8px; }
.sources p { white-space: pre-wrap; font-size: .92rem; margin: 8px 0 2px; }
.tiles { display: grid; gap: 10px;
         grid-template-columns: repeat(auto-fit, minmax(min(200px, 46%), 1fr)); }
.tile { border: 1px solid var(--border-color-primary); border-radius: 12px; padding: 12px; }
.tile b { display: block; font-size: 1.1rem; white-space: nowrap; }
.notice b, .notice i { color: inherit !important; }
.savings { width: 100%; margin: 14px 0; border-collapse: collapse; }
.savings, .savings tr { border: none !important; }
.savings th, .savings td { text-align: left; padding: 8px 10px; border: none !important;
                           border-bottom: 1px solid var(--border-color-primary) !important; }
button[aria-label="Clear"], button[title="Clear"] { display: none !important; }
"""
FONTS = ["ui-sans-serif", "system-ui", "sans-serif"]
MONO_FONTS = ["ui-monospace", "monospace"]
