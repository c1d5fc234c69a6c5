// A session is renamed where its name stands: double click, or Enter on it. Enter saves, Escape
// cancels, leaving the field saves. It runs once, for `element`; `trigger` tells the server.
const end = (field, isSaved) => {
    if (field.dataset.ended) return;  // to remove what has the focus is to leave it, too
    field.dataset.ended = 'yes';
    const {old} = field.dataset;
    const name = field.value.trim();
    const radio = field.closest('label').querySelector('input[type=radio]');
    const hadFocus = field === document.activeElement;
    field.remove();
    if (hadFocus) radio.focus();
    if (isSaved && name && name !== old) trigger('edit', {old, name});
};
const begin = (label) => {
    if (label.querySelector('.rename')) return;
    const field = document.createElement('input');
    field.className = 'rename';
    field.value = field.dataset.old = label.querySelector('input[type=radio]').value;
    field.maxLength = 120;
    field.setAttribute('aria-label', `New name for “${field.value}”`);
    label.append(field);
    field.focus();
    field.select();
    field.addEventListener('keydown', (event) => {
        event.stopPropagation();
        if (event.isComposing || !['Enter', 'Escape'].includes(event.key)) return;
        event.preventDefault();
        end(field, event.key === 'Enter');
    });
    field.addEventListener('click', (event) => event.preventDefault());
    for (const kind of ['input', 'change', 'dblclick']) {
        field.addEventListener(kind, (event) => event.stopPropagation());
    }
    field.addEventListener('blur', () => end(field, true));
};
document.addEventListener('dblclick', ({target}) => {
    const label = target.closest('.sessions label');
    if (label) begin(label);
});
document.addEventListener('keydown', (event) => {
    const {target, key} = event;
    if (key !== 'Enter' || !target.matches('.sessions input[type=radio]')) return;
    event.preventDefault();
    begin(target.closest('label'));
});
