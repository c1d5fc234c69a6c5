// One key each for what a reader does most. It runs once, for `element`, which holds the button and
// the sheet: each line of the sheet names a key and the selector of its target.
const sheet = element.querySelector('dialog');
const FOCUSABLE = 'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])';
const TYPED_IN = 'textarea, select, [contenteditable=""], [contenteditable="true"], [role="combobox"], '
    + 'input:not([type="radio"], [type="checkbox"], [type="button"], [type="file"], [type="range"])';
const isSeen = (node) => node.getClientRects().length > 0;
// Gradio hides what is in another tab: that tab is opened first.
const panelOf = (node) => {
    const panel = node.closest('[role="tabpanel"]');
    return panel && !isSeen(panel) ? panel : null;
};
const tabOf = (panel) => document.querySelector(`[role="tab"][aria-controls="${CSS.escape(panel.id)}"]`);

const focus = (target) => {
    const found = [target, ...target.querySelectorAll(FOCUSABLE)]
        .find((node) => node.matches(FOCUSABLE) && isSeen(node) && !node.disabled);
    if (!found && !target.hasAttribute('tabindex')) target.tabIndex = -1;
    (found ?? target).focus();
};
const reach = (target) => {
    if (target.matches('button')) return target.disabled ? null : target.click();
    const sidebar = target.closest('.sidebar');
    const isClosed = sidebar && !sidebar.matches('.open');
    if (isClosed) sidebar.querySelector('.toggle-button')?.click();
    requestAnimationFrame(() => focus(target));
};
const press = (selector) => {
    const target = document.querySelector(selector);
    const panel = target && panelOf(target);
    if (panel) {
        tabOf(panel)?.click();
        setTimeout(() => { if (isSeen(panel)) reach(target); }, 50);
    } else if (target && (isSeen(target) || target.closest('.sidebar:not(.open)'))) reach(target);
    else return false;
    return true;
};

let opener = null;
const open = () => {
    opener = document.activeElement;
    sheet.showModal();
};
sheet.addEventListener('close', () => {
    if (opener?.isConnected) opener.focus();
    opener = null;
});
element.querySelector('.keys-button').addEventListener('click', open);
element.querySelector('.keys-close').addEventListener('click', () => sheet.close());
sheet.addEventListener('click', ({target}) => { if (target === sheet) sheet.close(); });

document.addEventListener('keydown', (event) => {
    const {target, ctrlKey, altKey, metaKey, isComposing, defaultPrevented} = event;
    // Some keyboards make "[" with AltGr, which is no Ctrl and no Alt then.
    const isCommand = (ctrlKey || altKey || metaKey) && !event.getModifierState('AltGraph');
    if (isCommand || isComposing || defaultPrevented || target.closest?.(TYPED_IN)) return;
    if (document.querySelector('dialog[open]')) return;
    const key = event.getModifierState('CapsLock') ? event.key.toLowerCase() : event.key;
    const line = element.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!line) return;
    if (!line.dataset.target) open();
    else if (!press(line.dataset.target)) return;
    event.preventDefault();
});
