// The left pane: the width that its edge sets, and whether it is closed, are kept in this browser.
// On a phone it covers the page: it starts closed, and what happens to it there is not kept. It runs
// once, after `edge.js`.
const [MIN, MAX, BESIDE] = [260, 640, 480];  // pixels; the page keeps the last of them
const pane = document.getElementById('left-pane');
const toggle = pane?.querySelector('.toggle-button');
if (!toggle) return;
const kept = keptUnder('ammon-left-pane');
const phone = window.matchMedia('(max-width: 768px)');
const isOpen = () => pane.classList.contains('open');

const edge = document.createElement('div');
edge.className = 'pane-edge';
edge.tabIndex = 0;
edge.setAttribute('role', 'separator');
edge.setAttribute('aria-orientation', 'vertical');
edge.setAttribute('aria-controls', pane.id);
edge.setAttribute('aria-label', 'Width of the left pane in pixels');
pane.append(edge);
movableEdge(edge, {
    kept, usual: 300, step: 16, grows: 'ArrowRight', min: MIN,
    max: () => Math.min(MAX, window.innerWidth - BESIDE),
    widthAt: (x) => x,
    show: (width) => {
        document.documentElement.style.setProperty('--left-pane', `${width}px`);
        window.dispatchEvent(new Event('resize'));  // gradio moves the page beside the pane
    },
});
edge.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    toggle.click();
    toggle.focus();
});

// Open or closed: beside the page as it was left there, over it closed until it is opened.
let isClosed = Boolean(kept.read().isClosed);
const fit = () => {
    if (isOpen() === !(phone.matches || isClosed)) return;
    if (pane.contains(document.activeElement) && isOpen()) toggle.focus();  // the rest is hidden
    toggle.click();
};
toggle.setAttribute('aria-label', 'Show or hide sessions and sources');
toggle.setAttribute('aria-controls', pane.id);
const update = () => {
    toggle.setAttribute('aria-expanded', String(isOpen()));
};
new MutationObserver(() => {
    update();
    if (phone.matches) return;
    isClosed = !isOpen();
    kept.keep({isClosed});
}).observe(pane, {attributeFilter: ['class']});
phone.addEventListener('change', fit);
document.addEventListener('reader-opened', () => {  // what was opened is below the pane
    if (phone.matches && isOpen()) toggle.click();
});
update();
fit();
