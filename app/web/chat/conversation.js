// What the browser does with the conversation: clicks, copies, previews of passages, scrolling, and
// keeping the focus and what is open. It runs once, for `element`; `trigger` tells the server.
const log = element.closest('.conversation');
log.tabIndex = 0;
log.setAttribute('role', 'log');
log.setAttribute('aria-label', 'Conversation');

const messageOf = (node) => node?.closest?.('.message');
const numberOf = (message) => Number(message?.dataset.id ?? 0);
const stored = (id) => (id ? log.querySelector(`.message[data-id="${id}"]`) : null);
const controls = (message) => [...message.querySelectorAll('button, summary, textarea')];

// Updates: the framework changes elements in place, by their order, so one that has the focus may
// become another, or vanish. What was focused, opened or edited is found again by its message.
const opened = new Set();
let edited = null;
let focused = null;

const placeOf = (node) => {
    const message = messageOf(node);
    return message ? {id: message.dataset.id, at: controls(message).indexOf(node)} : {};
};
const nodeAt = ({id, at}) => {
    const message = stored(id);
    return at < 0 ? message : message && controls(message)[at];
};
document.addEventListener('focusin', ({target}) => {
    focused = log.contains(target) ? placeOf(target) : null;
});
document.addEventListener('pointerdown', ({target}) => {
    if (!log.contains(target)) focused = null;
});
const keepFocus = () => {
    const now = document.activeElement;
    const isLost = now === document.body;
    if (!focused || !(isLost || log.contains(now))) return;
    const last = isLost ? [...log.querySelectorAll('.message')].at(-1) ?? log : now;
    const wanted = nodeAt(focused) ?? last;
    if (wanted !== now) wanted.focus({preventScroll: true});
};
const showEdited = () => {
    for (const form of log.querySelectorAll('.editing')) {
        form.hidden = edited === null || numberOf(messageOf(form)) !== edited;
    }
};
const update = () => {
    for (const details of log.querySelectorAll('details')) {
        details.open = opened.has(numberOf(messageOf(details)));
    }
    showEdited();
    keepFocus();
    follow();
};

// The end stays in view while an answer grows, unless the reader has scrolled up. A new question,
// another screen and another session are shown from their end.
let isAtEnd = true;
let shown = '';
const toEnd = () => { if (isAtEnd) log.scrollTop = log.scrollHeight; };
const follow = () => {
    const first = log.querySelector('.message')?.dataset.id;
    const isRunning = Boolean(log.querySelector('.running .message'));
    const now = `${first} ${isRunning}`;
    if (now !== shown && (isRunning || first !== shown.split(' ')[0])) isAtEnd = true;
    shown = now;
    toEnd();
};
log.addEventListener('scroll', () => {
    isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
    hidePreview();
});
new MutationObserver(update).observe(log, {childList: true, subtree: true, characterData: true});
new ResizeObserver(toEnd).observe(log);

// Previews: where a passage is and how it begins, as long as its mark is pointed at or focused.
const preview = document.getElementById('preview') ?? document.createElement('div');
preview.id = 'preview';
preview.role = 'tooltip';
preview.hidden = true;
document.body.append(preview);
let waiting = 0;
let pointed = null;

const hidePreview = () => {
    clearTimeout(waiting);
    pointed?.removeAttribute('aria-describedby');
    pointed = null;
    preview.hidden = true;
};
// A sentence that several passages support has a mark for each: the preview of one shows all, the
// pointed one first. Passages are told apart by their numbers, for two may be of one place.
const previewedOf = (button) => {
    const marks = [...(button.closest('bdi')?.querySelectorAll('.mark') ?? [])];
    const numbers = [button, ...marks].map((each) => each.dataset.number);
    return [...new Set(numbers)].map((number) =>
        messageOf(button)?.querySelector(`.option[data-number="${CSS.escape(number)}"]`)).filter(Boolean);
};
const showPreview = (button) => {
    hidePreview();
    const chips = button.isConnected ? previewedOf(button) : [];
    if (!chips.length) return;
    preview.replaceChildren(...chips.flatMap((chip) => {
        const where = document.createElement('b');
        where.textContent = chip.textContent;
        const text = document.createElement('p');
        text.textContent = chip.dataset.excerpt;
        return [where, text];
    }));
    preview.hidden = false;
    const mark = button.getBoundingClientRect();
    const {width, height} = preview.getBoundingClientRect();
    const below = mark.bottom + 6;
    const top = below + height < window.innerHeight ? below : Math.max(6, mark.top - 6 - height);
    preview.style.top = `${top}px`;
    preview.style.left = `${Math.max(6, Math.min(mark.left, window.innerWidth - 6 - width))}px`;
    button.setAttribute('aria-describedby', 'preview');
    pointed = button;
};
const previewed = (node) => node?.closest?.('[data-do="open"]');
const later = (act, milliseconds) => {
    clearTimeout(waiting);
    waiting = setTimeout(act, milliseconds);
};
log.addEventListener('mouseover', ({target}) => {
    const button = previewed(target);
    if (button && button !== pointed) later(() => showPreview(button), 150);
    else if (button) clearTimeout(waiting);
});
log.addEventListener('mouseout', ({target}) => { if (previewed(target)) later(hidePreview, 250); });
preview.addEventListener('mouseenter', () => clearTimeout(waiting));
preview.addEventListener('mouseleave', hidePreview);
log.addEventListener('focusin', ({target}) => {
    if (previewed(target) && target.matches(':focus-visible')) showPreview(previewed(target));
});
log.addEventListener('focusout', ({target}) => { if (previewed(target)) hidePreview(); });
document.addEventListener('keydown', ({key}) => { if (key === 'Escape') hidePreview(); });

// Copies: the text with its numbers, then the places that it cites.
const textOf = (message) => {
    const said = message.querySelector('.said').cloneNode(true);
    said.querySelectorAll('.unseen').forEach((hint) => hint.remove());
    const cited = [...message.querySelectorAll(':scope > .options > .option')];
    const places = cited.map((chip) => chip.textContent).join('\n');
    return [said.textContent, places].filter(Boolean).join('\n\n');
};
const copy = async (button) => {
    const text = textOf(messageOf(button));
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else {  // a page that is not from this machine and not encrypted has no clipboard
        const field = document.createElement('textarea');
        field.value = text;
        button.after(field);
        field.select();
        document.execCommand('copy');
        field.remove();
        button.focus();
    }
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
};

const edit = (message) => {
    edited = numberOf(message);
    showEdited();
    const field = message.querySelector('.editing textarea');
    field.value = message.querySelector('.said').textContent;
    field.focus();
};
const endEdit = (message) => {
    edited = null;
    showEdited();
    message.querySelector('[data-do="edit"]').focus();
};
const submit = (message) => {
    const text = message.querySelector('.editing textarea').value;
    endEdit(message);
    trigger('edit', {id: numberOf(message), text});
};
let opener = null;
const actions = {
    open: (button, message) => {
        hidePreview();
        opener = placeOf(button);
        const {id, number} = button.dataset;
        trigger('click', {
            do: 'open', id: Number(id), number: Number(number), message: numberOf(message),
        });
    },
    copy,
    again: () => trigger('retry', {}),
    keep: (button, message) => trigger('like', {id: numberOf(message)}),
    kept: (button, message) => trigger('expand', {id: numberOf(message)}),
    edit: (button, message) => edit(message),
    cancel: (button, message) => endEdit(message),
    submit: (button, message) => submit(message),
    suggest: (button) => trigger('example_select', {text: button.textContent}),
};
log.addEventListener('click', ({target}) => {
    const message = messageOf(target);
    const button = target.closest('button[data-do]');
    const id = numberOf(message);
    if (button) actions[button.dataset.do](button, message);
    else if (target.closest('summary')) opened.has(id) ? opened.delete(id) : opened.add(id);
    else if (message?.matches('.bot') && !target.closest('details, textarea')) {
        if (!id || !window.getSelection().isCollapsed) return;
        opener = {id: message.dataset.id, at: -1};
        trigger('click', {do: 'answer', message: id});
    }
});
log.addEventListener('keydown', (event) => {
    const {target, key, shiftKey, isComposing} = event;
    if (!target.matches('.editing textarea') || isComposing) return;
    if (key === 'Enter' && !shiftKey) submit(messageOf(target));
    else if (key === 'Escape') endEdit(messageOf(target));
    else return;
    event.preventDefault();
});
// The panel tells when it is closed: the focus returns to where the passage was opened.
document.addEventListener('passage-closed', () => {
    if (opener) nodeAt(opener)?.focus();
    opener = null;
});
update();
