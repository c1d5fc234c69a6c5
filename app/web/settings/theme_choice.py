"""Light, dark, or as the system says: chosen for one browser, and kept there.

Gradio draws the page dark where its body has the class "dark", which it sets by the system when it
starts and whenever the system changes. What was chosen is put in its place before anything is
painted: a script of the page's head watches the class. Nothing of it reaches the server.
"""

from __future__ import annotations

import gradio as gr

SYSTEM, LIGHT, DARK = "system", "light", "dark"
CHOICES = [("As the system says", SYSTEM), ("Light", LIGHT), ("Dark", DARK)]

HEAD = """<script>
window.ammonLook = (() => {
    const key = 'ammon-look', system = window.matchMedia('(prefers-color-scheme: dark)');
    let chosen = 'system';
    const set = (dark) => {
        if (document.body.classList.contains('dark') === dark) return;
        document.body.classList.toggle('dark', dark);
    };
    const hold = () => { if (chosen !== 'system') set(chosen === 'dark'); };
    const take = (look) => {
        chosen = ['light', 'dark'].includes(look) ? look : 'system';
        hold();
    };
    const choose = (look) => {
        take(look);
        if (chosen === 'system') set(system.matches);
    };
    // A browser may refuse to keep anything: then the choice lasts as long as the page.
    const kept = () => { try { return localStorage.getItem(key); } catch { return null; } };
    const keep = (look) => { try { localStorage.setItem(key, look); } catch { /* see above */ } };
    new MutationObserver(hold).observe(document.body, {attributeFilter: ['class']});
    window.addEventListener('storage', (event) => { if (event.key === key) choose(kept()); });
    take(kept());
    return {choose: (look) => { keep(look); choose(look); }, chosen: () => chosen};
})();
</script>"""
CHOOSE = "(look) => { window.ammonLook.choose(look); }"
CHOSEN = "() => window.ammonLook.chosen()"


def lay_out_look() -> gr.Radio:
    """The choice, which acts at once."""
    return gr.Radio(CHOICES, value=SYSTEM, label="Light or dark", info="Kept in this browser only.")


def wire_look(blocks: gr.Blocks, look: gr.Radio) -> None:
    """Show what was chosen before, and take what is chosen now."""
    blocks.load(None, None, look, js=CHOSEN)
    look.input(None, look, None, js=CHOOSE)
