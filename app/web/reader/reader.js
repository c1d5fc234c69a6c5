// What the browser does with the reader: opens, closes and resizes it, sends what its buttons lead
// to, keeps the focus and the scrolled place, and remembers width and place over a reload. It runs
// once, for the handle, after `edge.js`; `trigger` tells the server.
const desk = element.closest('#desk');
const find = (selector) => desk.querySelector(`#reader ${selector}`.trim());

// The places that are kept: the server checks what they name.
const MAX_KEPT = 100;
const kept = keptUnder('ammon.reader');
const keptPlaces = () => {
    const {places} = kept.read();
    return isObject(places) ? places : {};
};
const keepPlace = (session, place, isOpen) => {
    if (!session) return;
    const {[session]: _, ...others} = keptPlaces();
    const places = Object.entries(others).slice(1 - MAX_KEPT);
    kept.keep({places: Object.fromEntries([...places, [session, {place, isOpen}]])});
};
const placeIn = (text) => {
    try { return isObject(JSON.parse(text)) ? JSON.parse(text) : {}; } catch { return {}; }
};

// The width, in percent of the desk.
const SIDE_BY_SIDE = 700;  // pixels of the desk, from which on both panes have room
const TABS = 50;  // pixels of the tabs above what is read
const SETTLING_MS = 1000;  // in which the left pane has moved away, or come back
movableEdge(element.querySelector('[role="separator"]'), {
    kept, usual: 42, step: 2, grows: 'ArrowLeft', min: 25, max: () => 70,
    widthAt: (x) => {
        const {right, width} = desk.getBoundingClientRect();
        return 100 * (right - x) / width;
    },
    show: (width) => desk.style.setProperty('--reader-width', `${width}%`),
});

// Open and closed.
let session = '';
let shown = '';
let turn = '';  // of the page: another one each time that it is opened
let isQuiet = false;  // what was left is restored: the focus and the scrolled page stay
let wanted = 'h3';  // what gets the focus on the next page
let held = null;  // what has it, until it is moved away
let from = null;  // what had it when the page was opened
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
document.addEventListener('click', ({target}) => {
    const source = target.closest('#sources button[data-do]');
    if (!source) return;
    isQuiet = false;
    wanted = source.dataset.do === 'notes' ? '.contents' : 'h3';
});
desk.addEventListener('click', ({target}) => {
    isQuiet = false;
    if (target.closest('button, .message')) wanted = 'h3';
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
    // The picture of the page comes later, above the text. The browser would keep the text in view;
    // the mark on the picture is what is wanted, unless the person has scrolled meanwhile.
    pane.style.overflowAnchor = 'none';
};
const keepOwnPlace = ({currentTarget: pane}) => {
    if (pane.scrollTop !== scrolledTo) pane.style.overflowAnchor = '';
};
const isStacked = () => desk.hasAttribute('data-narrow');
// Opened from beside the desk, the reader may be in a tab that is not shown, or below the left pane.
const uncover = () => {
    const panel = desk.closest('[role="tabpanel"]');
    if (!panel.getClientRects().length) {
        document.querySelector(`[role="tab"][aria-controls="${CSS.escape(panel.id)}"]`)?.click();
    }
    document.dispatchEvent(new Event('reader-opened'));
};
// What is read stays in view when the reader comes to be below the conversation, or beside it: a
// function that scrolls there again, if the reader is what is read.
const placeInView = () => {
    const pane = desk.querySelector('#reader');
    if (!isOpen() || !(isStacked() || pane.contains(document.activeElement))) return null;
    const below = () => Math.max(0, pane.getBoundingClientRect().top) + TABS;
    const line = [...pane.querySelectorAll('.page, .text > *, .contents > *')]
        .find((node) => node.getBoundingClientRect().bottom > below());
    if (!line) return null;
    const before = line.getBoundingClientRect();
    const share = (below() - before.top) / before.height;  // of it, that is passed
    return () => {
        if (isStacked()) line.scrollIntoView({block: 'start'});
        const {top, height} = line.getBoundingClientRect();
        (isStacked() ? window : pane).scrollBy(0, top + share * height - below());
    };
};
let toPlace = null;
let turnedAt = 0;
const fit = (width) => {
    const isNarrow = width < SIDE_BY_SIDE;
    if (isNarrow !== isStacked()) {
        toPlace = placeInView();
        turnedAt = performance.now();
        desk.toggleAttribute('data-narrow', isNarrow);
    }
    if (performance.now() - turnedAt < SETTLING_MS) toPlace?.();
};
const isSeen = (page) => page.getClientRects().length > 0;  // not behind another tab
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
            uncover();
            from = document.activeElement;
            if (isStacked()) desk.querySelector('#reader').scrollIntoView({block: 'start'});
            focusSoon(wanted);
        }
        wanted = 'h3';
        isQuiet = false;
        requestAnimationFrame(toMark);
    } else if (place && isSeen(page) && desk.querySelector('#reader').scrollTop === scrolledTo) {
        toMark();
    }
    if (held && [document.body, from].includes(document.activeElement)) focusSoon(held);
};
const begin = () => {
    if (!find('')) return void requestAnimationFrame(begin);
    new ResizeObserver(([{contentRect}]) => {
        fit(contentRect.width);
    }).observe(desk);
    desk.querySelector('#reader').addEventListener('scroll', keepOwnPlace);
    new MutationObserver(update).observe(desk.querySelector('#reader'), {
        childList: true, subtree: true, attributes: true,
        attributeFilter: ['data-turn', 'data-session'],
    });
    update();
};
begin();
