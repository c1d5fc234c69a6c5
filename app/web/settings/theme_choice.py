"""The choice of a light theme, a dark one, or the system's, which each browser keeps for itself.

Gradio draws the page dark if its body has the class "dark". Gradio sets that class from the
system's preference when the page starts and whenever the preference changes. A script in the page's
head watches the class and restores the chosen theme before anything is painted. The server never
learns of the choice.
"""

from __future__ import annotations

import gradio as gr

SYSTEM, LIGHT, DARK = "system", "light", "dark"
CHOICES = [("As the system says", SYSTEM), ("Light", LIGHT), ("Dark", DARK)]

HEAD = """<script>
window.ammonTheme = (() => {
    // The key's name is older than the word theme; another would forget what browsers keep.
    const key = 'ammon-look', system = window.matchMedia('(prefers-color-scheme: dark)');
    let chosen = 'system';
    const set = (dark) => {
        if (document.body.classList.contains('dark') === dark) return;
        document.body.classList.toggle('dark', dark);
    };
    const hold = () => { if (chosen !== 'system') set(chosen === 'dark'); };
    const take = (theme) => {
        chosen = ['light', 'dark'].includes(theme) ? theme : 'system';
        hold();
    };
    const choose = (theme) => {
        take(theme);
        if (chosen === 'system') set(system.matches);
    };
    // A browser may refuse to keep anything; then the choice lasts as long as the page is open.
    const kept = () => { try { return localStorage.getItem(key); } catch { return null; } };
    const keep = (theme) => { try { localStorage.setItem(key, theme); } catch { /* not kept */ } };
    new MutationObserver(hold).observe(document.body, {attributeFilter: ['class']});
    window.addEventListener('storage', (event) => { if (event.key === key) choose(kept()); });
    take(kept());
    return {choose: (theme) => { keep(theme); choose(theme); }, chosen: () => chosen};
})();
</script>"""
CHOOSE = "(theme) => { window.ammonTheme.choose(theme); }"
CHOSEN = "() => window.ammonTheme.chosen()"


def lay_out_theme_choice() -> gr.Radio:
    """Place the choice in the open gradio block; it takes effect at once."""
    return gr.Radio(CHOICES, value=SYSTEM, label="Light or dark", info="Kept in this browser only.")


def wire_theme_choice(blocks: gr.Blocks, choice: gr.Radio) -> None:
    """Show the browser's choice when the page is loaded, and apply a new one."""
    blocks.load(None, None, choice, js=CHOSEN)
    choice.input(None, choice, None, js=CHOOSE)
