// What the browser does with the list of notes: clicks, times in its own language, and keeping the
// focus. It runs once, for `element`; `trigger` tells the server.
const noteOf = (node) => node?.closest?.('[data-note]');
const controls = (note) => [...note.querySelectorAll('button')];
const noted = (id) => element.querySelector(`[data-note="${id}"]`);

// Updates: the framework changes elements in place, by their order, so the focused button may
// become that of another note, or vanish.
let focused = null;
document.addEventListener('focusin', ({target}) => {
    const note = element.contains(target) ? noteOf(target) : null;
    focused = note && {id: note.dataset.note, at: controls(note).indexOf(target)};
});
document.addEventListener('pointerdown', ({target}) => {
    if (!element.contains(target)) focused = null;
});
const keepFocus = () => {
    const now = document.activeElement;
    if (!focused || !(now === document.body || element.contains(now))) return;
    const note = noted(focused.id);
    const next = element.querySelector('[data-note]') ?? document.querySelector('#note textarea');
    const wanted = note ? controls(note)[focused.at] ?? note : next;
    if (wanted !== now) wanted?.focus({preventScroll: true});
};
const localTimes = () => {
    for (const time of element.querySelectorAll('time')) {
        const at = new Date(time.dateTime);
        const text = at.toLocaleString(undefined, {dateStyle: 'medium', timeStyle: 'short'});
        if (!Number.isNaN(at.getTime()) && time.textContent !== text) time.textContent = text;
    }
};
const update = () => {
    localTimes();
    keepFocus();
};
new MutationObserver(update).observe(element, {childList: true, subtree: true});
element.addEventListener('click', ({target}) => {
    const button = target.closest('button[data-do]');
    if (!button || (button.dataset.confirm && !window.confirm(button.dataset.confirm))) return;
    const {do: act, id} = button.dataset;
    const note = Number(noteOf(button)?.dataset.note ?? 0);
    trigger({open: 'select', edit: 'edit'}[act] ?? 'click', {do: act, id: Number(id), note});
});
update();
