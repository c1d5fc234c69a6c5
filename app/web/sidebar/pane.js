() => {
    // The left pane: its edge is dragged, or moved with the arrow keys, and its width and whether
    // it is closed are kept in this browser. On a phone it covers the page and starts closed.
    const MIN = 260, MAX = 640, BESIDE = 480, STEP = 16, KEPT = 'ammon-left-pane';
    const pane = document.getElementById('left-pane');
    const toggle = pane?.querySelector('.toggle-button');
    if (!toggle) return;
    const isPhone = () => window.matchMedia('(max-width: 768px)').matches;
    const isOpen = () => pane.classList.contains('open');
    let kept = {};
    try { kept = JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { /* none is kept */ }
    const keep = (change) => {
        kept = {...kept, ...change};
        try { localStorage.setItem(KEPT, JSON.stringify(kept)); } catch { /* none is kept */ }
    };

    const edge = document.createElement('div');
    edge.className = 'pane-edge';
    edge.tabIndex = 0;
    edge.setAttribute('role', 'separator');
    edge.setAttribute('aria-orientation', 'vertical');
    edge.setAttribute('aria-controls', pane.id);
    edge.setAttribute('aria-label', 'Width of the left pane in pixels');
    pane.append(edge);

    let wanted = Number.isFinite(kept.width) ? kept.width : 300, shown = 0;
    const show = () => {
        const max = Math.max(MIN, Math.min(MAX, window.innerWidth - BESIDE));
        const width = Math.round(Math.min(max, Math.max(MIN, wanted)));
        edge.setAttribute('aria-valuemin', MIN);
        edge.setAttribute('aria-valuemax', max);
        edge.setAttribute('aria-valuenow', width);
        if (width === shown) return;
        shown = width;
        document.documentElement.style.setProperty('--left-pane', `${width}px`);
        window.dispatchEvent(new Event('resize'));  // gradio moves the page beside the pane
    };
    const set = (width) => { wanted = width; show(); wanted = shown; };

    edge.addEventListener('pointerdown', (event) => {
        edge.setPointerCapture(event.pointerId);
        document.body.classList.add('resizing');
        event.preventDefault();
        edge.focus();
    });
    edge.addEventListener('pointermove', (event) => {
        if (edge.hasPointerCapture(event.pointerId)) set(event.clientX);
    });
    edge.addEventListener('lostpointercapture', () => {
        document.body.classList.remove('resizing');
        keep({width: shown});
    });
    edge.addEventListener('keydown', (event) => {
        const to = {
            ArrowLeft: shown - STEP, ArrowRight: shown + STEP, Home: MIN, End: MAX,
        }[event.key];
        if (to !== undefined) { set(to); keep({width: shown}); }
        else if (event.key === 'Enter') { toggle.click(); toggle.focus(); }
        else return;
        event.preventDefault();
    });
    window.addEventListener('resize', show);

    toggle.setAttribute('aria-label', 'Show or hide sessions and sources');
    toggle.setAttribute('aria-controls', pane.id);
    new MutationObserver(() => {
        toggle.setAttribute('aria-expanded', String(isOpen()));
        if (!isPhone()) keep({isClosed: !isOpen()});
    }).observe(pane, {attributeFilter: ['class']});
    toggle.setAttribute('aria-expanded', String(isOpen()));
    show();
    if (isOpen() && (isPhone() || kept.isClosed)) toggle.click();
}
