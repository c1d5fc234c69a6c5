// The edge of a pane: it is dragged, or moved with the keys, and its place is kept in this browser.

// What is kept under a key. It is data from outside, so its values are checked where they are used.
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const keptUnder = (key) => {
    const read = () => {
        try {
            const found = JSON.parse(localStorage.getItem(key));
            return isObject(found) ? found : {};
        } catch { return {}; }
    };
    const keep = (changes) => {
        try { localStorage.setItem(key, JSON.stringify({...read(), ...changes})); } catch { /* full */ }
    };
    return {read, keep};
};

// Makes `edge`, a separator, set a width:
// - kept: where it is kept, as `width`; usual: without a kept one; step: of an arrow key
// - grows: the arrow key that makes the pane wider
// - min, max(): the limits; a width that does not fit any more is wanted again when it does
// - widthAt(x): the width with the edge at this place of the window
// - show(width): gives the pane this width
const movableEdge = (edge, {kept, usual, step, grows, min, max, widthAt, show}) => {
    const found = kept.read().width;
    let wanted = Number.isFinite(found) ? found : usual;
    let shown = null;
    const update = () => {
        const most = Math.max(min, max());
        const width = Math.round(Math.min(most, Math.max(min, wanted)));
        const values = {valuemin: min, valuemax: most, valuenow: width};
        for (const [name, value] of Object.entries(values)) edge.setAttribute(`aria-${name}`, value);
        if (width === shown) return;
        shown = width;
        show(width);
    };
    const set = (width) => {
        wanted = width;
        update();
        wanted = shown;
    };
    edge.addEventListener('pointerdown', (event) => {
        edge.setPointerCapture(event.pointerId);
        document.body.classList.add('resizing');
        event.preventDefault();
        edge.focus();
    });
    edge.addEventListener('pointermove', ({pointerId, clientX}) => {
        if (edge.hasPointerCapture(pointerId)) set(widthAt(clientX));
    });
    edge.addEventListener('lostpointercapture', () => {
        document.body.classList.remove('resizing');
        kept.keep({width: wanted});
    });
    const shrinks = grows === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
    edge.addEventListener('keydown', (event) => {
        const to = {
            [grows]: shown + step, [shrinks]: shown - step, Home: min, End: Infinity,
        }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        set(to);
        kept.keep({width: wanted});
    });
    window.addEventListener('resize', update);
    update();
};
