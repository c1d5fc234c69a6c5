// What the browser does with the reader: opens, closes and resizes it, sends what its buttons lead
// to, keeps the focus and the scrolled place, and remembers width and place over a reload. It runs
// once, for the handle; `trigger` tells the server.
const desk = element.closest('#desk');
const find = (selector) => desk.querySelector(`#reader ${selector}`.trim());
const separator = () => element.querySelector('[role="separator"]');

// What is kept is data from outside: the server checks places, here numbers are checked.
const KEY = 'ammon.reader';
const MAX_KEPT = 100;
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const kept = () => {
    try {
        const found = JSON.parse(localStorage.getItem(KEY));
        return isObject(found) ? found : {};
    } catch { return {}; }
};
const keep = (changes) => {
    try { localStorage.setItem(KEY, JSON.stringify({...kept(), ...changes})); } catch { /* full */ }
};
const keptPlaces = () => (isObject(kept().places) ? kept().places : {});
const keepPlace = (session, place, isOpen) => {
    if (!session) return;
    const {[session]: _, ...others} = keptPlaces();
    const places = Object.entries(others).slice(1 - MAX_KEPT);
    keep({places: Object.fromEntries([...places, [session, {place, isOpen}]])});
};
const placeIn = (text) => {
    try { return isObject(JSON.parse(text)) ? JSON.parse(text) : {}; } catch { return {}; }
};

// The width, in percent of the desk.
const [LEAST, MOST, USUAL] = [25, 70, 42];
const SIDE_BY_SIDE = 700;  // pixels of the desk, from which on both panes have room
const width = () => {
    const found = Number(kept().width);
    return found >= LEAST && found <= MOST ? found : USUAL;
};
const showWidth = (percent) => {
    const bounded = Math.min(MOST, Math.max(LEAST, Math.round(percent)));
    desk.style.setProperty('--reader-width', `${bounded}%`);
    const attributes = {valuenow: bounded, valuemin: LEAST, valuemax: MOST};
    for (const [name, value] of Object.entries(attributes)) {
        separator().setAttribute(`aria-${name}`, value);
    }
    return bounded;
};
const setWidth = (percent) => keep({width: showWidth(percent)});
element.addEventListener('pointerdown', (event) => {
    if (event.target !== separator()) return;
    event.preventDefault();
    separator().focus();
    separator().setPointerCapture(event.pointerId);
});
element.addEventListener('pointermove', ({target, pointerId, clientX}) => {
    if (target !== separator() || !target.hasPointerCapture(pointerId)) return;
    const {right, width: whole} = desk.getBoundingClientRect();
    setWidth(100 * (right - clientX) / whole);
});
const STEPS = {ArrowLeft: 2, ArrowRight: -2, Home: -100, End: 100};
element.addEventListener('keydown', (event) => {
    if (event.target !== separator() || !(event.key in STEPS)) return;
    event.preventDefault();
    setWidth(width() + STEPS[event.key]);
});

// Open and closed.
let session = '';
let shown = '';
let turn = '';  // of the page: another one each time that it is opened
let isQuiet = false;  // what was left is restored: the focus and the scrolled page stay
let wanted = 'h3';  // what gets the focus on the next page
let held = null;  // what has it, until it is moved away
const isOpen = () => desk.dataset.reader === 'open';
const open = () => {
    desk.dataset.reader = 'open';
    keepPlace(session, placeIn(shown), true);
};
const close = () => {
    delete desk.dataset.reader;
    held = null;
    keepPlace(session, placeIn(shown), false);
};
const send = (what, place) => trigger('click', {...place, do: what});
const restore = () => {
    const {place, isOpen: wasOpen} = keptPlaces()[session] ?? {};
    if (!wasOpen || !isObject(place)) return;
    isQuiet = true;
    send('restore', place);
};
const actions = {
    'show-reader': () => {
        wanted = 'h3';
        if (!shown) send('place', keptPlaces()[session]?.place);
        open();
        focusSoon(shown ? wanted : '[role="tab"]');
    },
    'close-reader': () => {
        close();
        document.dispatchEvent(new Event('passage-closed'));
        if (document.activeElement === document.body) element.querySelector('.show-reader').focus();
    },
};
const TURNS = ['next-page', 'previous-page', 'next-passage', 'previous-passage', 'earlier-answer',
    'later-answer'];
desk.addEventListener('click', ({target}) => {
    isQuiet = false;
    const button = target.closest('#reader button[data-do], #reader-handle button[data-do]');
    if (!button) return;
    const {do: what, place} = button.dataset;
    if (actions[what]) actions[what]();
    else if (place) {
        wanted = TURNS.includes(what) ? `[data-do="${what}"]` : 'h3';
        if (what === 'open') wanted = '.chip[aria-pressed="true"]';
        send(what, placeIn(place));
    }
});

document.addEventListener('show-reader', open);  // for its other tabs, whatever its page shows

// Updates: the framework changes elements in place, so what had the focus may become another.
const focusable = (selector) => {
    const found = find(`.reader-page ${selector}`) ?? find(selector);
    return found?.disabled ? find('.reader-page h3') : found;
};
const focusSoon = (selector) => {
    held = selector;
    requestAnimationFrame(() => requestAnimationFrame(() => {  // the tab is shown by then
        if (held === selector) focusable(selector)?.focus({preventScroll: true});
    }));
};
desk.addEventListener('focusin', ({target}) => {
    if (held && target !== focusable(held)) held = null;
});
let scrolledTo = 0;
const toMark = () => {
    const pane = desk.querySelector('#reader');
    const mark = find('.page span') ?? find('.reader-page mark');
    const below = mark ? mark.getBoundingClientRect().top - pane.getBoundingClientRect().top : 0;
    const at = pane.scrollTop + below;
    pane.scrollTop = mark && at > 0.7 * pane.clientHeight ? at - 110 : 0;
    scrolledTo = pane.scrollTop;
};
const isStacked = () => desk.hasAttribute('data-narrow');
const update = () => {
    const page = find('.reader-page');
    if (!page) return;
    if (page.dataset.session !== session) {
        session = page.dataset.session;
        shown = '';
        delete desk.dataset.reader;
        restore();
    }
    const place = find('[data-place]:not(button)')?.dataset.place ?? '';
    const isOther = Boolean(place) && page.dataset.turn !== turn;
    shown = place;
    turn = page.dataset.turn;
    if (isOther) {
        open();
        if (!isQuiet) {
            if (isStacked()) desk.querySelector('#reader').scrollIntoView({block: 'start'});
            focusSoon(wanted);
        }
        wanted = 'h3';
        isQuiet = false;
        requestAnimationFrame(toMark);
    } else if (place && desk.querySelector('#reader').scrollTop === scrolledTo) toMark();
    if (held && document.activeElement === document.body) focusSoon(held);
};
const begin = () => {
    if (!find('')) return void requestAnimationFrame(begin);
    showWidth(width());
    new ResizeObserver(([{contentRect}]) => {
        desk.toggleAttribute('data-narrow', contentRect.width < SIDE_BY_SIDE);
    }).observe(desk);
    new MutationObserver(update).observe(desk.querySelector('#reader'), {
        childList: true, subtree: true, attributes: true,
        attributeFilter: ['data-turn', 'data-session'],
    });
    update();
};
begin();
