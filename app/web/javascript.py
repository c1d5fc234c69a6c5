"""The scripts that the page runs in the browser besides gradio's own."""

from __future__ import annotations

from pathlib import Path

LOCALE = Path(__file__).with_name("locale.js").read_text(encoding="utf-8")
"""Writes the marked numbers and times of the page as the browser's language does."""

IN_ORDER = Path(__file__).with_name("in_order.js").read_text(encoding="utf-8")
"""Sends the events of the page in their order, and shows what they answer in that order."""

EDGE = Path(__file__).with_name("edge.js").read_text(encoding="utf-8")
"""What the scripts of the panes begin with: edges that are moved, and what a browser keeps."""

ON_LOAD = """() => {
    document.documentElement.lang = 'en';
    // What is typed after the name of a choice replaces the name. It is not selected at once: the
    // choices are fetched again when the field is entered, which would undo that.
    const isChoice = (field) => field.matches('input[role="combobox"]');
    document.addEventListener('focusin', ({target}) => {
        if (isChoice(target)) target.dataset.chosen = target.value;
    });
    document.addEventListener('keydown', ({target, key, ctrlKey, metaKey, altKey}) => {
        if (!isChoice(target) || key.length > 1 || ctrlKey || metaKey || altKey) return;
        const isUnchanged = target.value && target.value === target.dataset.chosen;
        if (isUnchanged && target.selectionStart === target.value.length) target.select();
    }, true);
}"""

# Clicks on the buttons in Ammon's own HTML: each names its action and the id of its object.
BUTTONS = """
element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-do]');
    if (!button || (button.dataset.confirm && !window.confirm(button.dataset.confirm))) return;
    trigger('click', {do: button.dataset.do, id: Number(button.dataset.id)});
});
"""

# The file is made in the browser, so that the server has none to keep and delete. The bytes of a
# picture arrive in base64.
SAVE_FILE = """(name, text) => {
    if (!name) return;
    const isPicture = name.endsWith('.png');
    const data = isPicture ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) : text;
    const type = isPicture ? 'image/png' : 'text/plain;charset=utf-8';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([data], {type}));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}"""

# Shows the notes, and moves the focus to the one that was kept from the answer which has the focus,
# or to the field.
TO_NOTES = """() => {
    const message = document.activeElement?.closest('.message')?.dataset.id;
    document.dispatchEvent(new Event('show-reader'));
    [...document.querySelectorAll('#reader button[role="tab"]')]
        .find((tab) => tab.textContent.trim() === 'Notes' && !tab.matches('.selected'))?.click();
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const kept = message && document.querySelector(`.kept-note[data-message="${message}"]`);
        if (window.innerWidth < 900) document.querySelector('#reader')?.scrollIntoView();
        (kept || document.querySelector('#note textarea'))?.focus();
    }));
}"""

TO_NOTE_FIELD = """() => requestAnimationFrame(() => {
    document.querySelector('#note textarea')?.focus();
})"""

# The address names the session, so that a reloaded page or a bookmark shows the same session.
SESSION_OF_ADDRESS = """() => {
    try { return decodeURIComponent(location.hash.slice(1)); } catch { return ''; }
}"""
SESSION_TO_ADDRESS = """(name) => {
    if (name) history.replaceState(null, '', '#' + encodeURIComponent(name));
}"""

# The server's choice for a page just loaded, unless a session was selected before it arrived.
SELECT_FIRST = "(selected, first) => selected || first || null"
