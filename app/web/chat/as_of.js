// The chip that says as of where a question is answered. It runs once, for `element`, which holds
// the chip; the style sheet shows the choice while the chip is expanded.
const chip = element.querySelector('.as-of-chip');
const clear = element.querySelector('.as-of-clear');
const choice = () => document.getElementById('as-of-choice');
const isOpen = () => chip.getAttribute('aria-expanded') === 'true';
const setOpen = (isIt) => chip.setAttribute('aria-expanded', String(isIt));
const hasFocus = () => choice().contains(document.activeElement);
const close = () => {
    if (!isOpen()) return;
    const isLost = hasFocus() || document.activeElement === document.body;
    setOpen(false);
    if (isLost) chip.focus();
};

chip.addEventListener('click', () => {
    if (isOpen()) return close();
    setOpen(true);
    requestAnimationFrame(() => choice().querySelector('input')?.focus());
});
clear.addEventListener('click', () => {
    trigger('clear');
    chip.focus();
});
// The page comes before the title, of which there may be little room; a number is a checkpoint's.
const shown = (place) => {
    if (/^#?\s*\d+$/.test(place)) return `checkpoint ${place.replace(/\D/g, '')}`;
    const [, title, page] = place.match(/^(.+?):\s+([^:]+)$/s) ?? [];
    return page ? `${page}, ${title}` : place || 'now';
};
// What was chosen is shown, on whatever way it was: by a click, a key, or another session.
document.addEventListener('as-of', ({detail}) => {
    const place = String(detail);
    chip.querySelector('b').textContent = shown(place);
    chip.title = place && `Answers know nothing after ${place}`;
    chip.classList.toggle('chosen', Boolean(place));
    clear.hidden = !place;
    close();
});
// The list itself takes Enter first; then the choice is closed, also if it chose the same again.
document.addEventListener('keydown', ({target, key}) => {
    if (!isOpen() || !(choice().contains(target) || element.contains(target))) return;
    if (key === 'Escape') close();
    else if (key === 'Enter' && choice().contains(target)) setTimeout(close, 0);
});
document.addEventListener('pointerdown', ({target}) => {
    if (isOpen() && !choice().contains(target) && !element.contains(target)) setOpen(false);
});
document.addEventListener('focusin', ({target}) => {
    if (isOpen() && !choice().contains(target) && !element.contains(target)) setOpen(false);
});
