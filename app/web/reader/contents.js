// Has the contents listed again while a document is read, and keeps the focus and what is in view.
// Runs once, for `element`, the list; `trigger` tells the server. While the list is not shown
// nothing is asked for: it is listed when it is opened.
const RENEW_MS = 3000;
const keyOf = ({className, dataset}) => `${className} ${dataset.place ?? dataset.id ?? ''}`;
const withKey = (key) => [...element.querySelectorAll('.contents, button')]
    .find((found) => keyOf(found) === key);
let isDue = false;
const renew = () => {
    isDue = false;
    const list = element.querySelector('.contents');
    if (!list?.getClientRects().length) return;
    trigger('tick', {state: list.dataset.state, id: Number(list.dataset.offset)});
};
const renewSoon = () => {
    if (!isDue) setTimeout(renew, RENEW_MS);
    isDue = true;
};

// The framework changes elements in place, so the same entry may become another element.
let held = null;  // what has the focus
let inView = null;  // the first entry that is seen, and how far below the top of the list it is
document.addEventListener('focusin', ({target}) => {
    held = element.contains(target) ? keyOf(target) : null;
});
document.addEventListener('pointerdown', () => { held = null; });
const below = (entry) =>
    entry.getBoundingClientRect().top - entry.parentElement.getBoundingClientRect().top;
const scroller = () => {
    const pane = element.closest('#reader');
    return pane.scrollHeight > pane.clientHeight ? pane : window;
};
const remember = () => {
    const top = Math.max(0, element.closest('#reader').getBoundingClientRect().top);
    const entry = [...element.querySelectorAll('.contents > button')]
        .find((found) => found.getBoundingClientRect().bottom > top);
    inView = entry?.getClientRects().length ? {key: keyOf(entry), below: below(entry)} : null;
};
document.addEventListener('scroll', remember, {capture: true, passive: true});
const keep = () => {
    const entry = inView && withKey(inView.key);
    if (entry) scroller().scrollBy(0, below(entry) - inView.below);
    const focused = document.activeElement;
    if (held && (focused === document.body || element.contains(focused))) {
        withKey(held)?.focus({preventScroll: true});
    }
    remember();
};
new MutationObserver(keep).observe(element, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['class', 'data-place'],
});
const begin = () => {
    const update = document.querySelector('#update');
    if (!update) return void requestAnimationFrame(begin);
    new MutationObserver(renewSoon).observe(update, {
        childList: true, subtree: true, attributes: true,
    });
};
begin();
