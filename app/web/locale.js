() => {
    // Numbers and times are written as the browser's language does. The server marks them, with a
    // plain form that is right without this script: <data value="1616">1,616</data>, and
    // <time datetime="2031-01-25T06:12:00Z">. The words stay English, so the digits stay Latin.
    const MARKED = 'data[value], time[datetime]';
    const byDigits = new Map();
    const numbers = (digits) => {
        if (!byDigits.has(digits)) {
            byDigits.set(digits, new Intl.NumberFormat(undefined, {
                minimumFractionDigits: digits, maximumFractionDigits: digits, numberingSystem: 'latn',
            }));
        }
        return byDigits.get(digits);
    };
    const times = new Intl.DateTimeFormat(undefined, {
        dateStyle: 'medium', timeStyle: 'short', numberingSystem: 'latn',
    });
    const written = (node) => {
        if (node.localName === 'time') {
            const moment = new Date(node.dateTime);
            return Number.isNaN(moment.valueOf()) ? null : times.format(moment);
        }
        const value = node.getAttribute('value');
        return numbers((value.split('.')[1] ?? '').length).format(Number(value));
    };
    // The text node stays: the framework keeps it, to write the next plain form into it.
    const write = (node) => {
        const text = written(node);
        if (text === null || node.textContent === text) return;
        if (node.firstChild?.nodeType === Node.TEXT_NODE) node.firstChild.data = text;
        else node.textContent = text;
    };
    const writeAll = (root) => {
        if (root.matches(MARKED)) write(root);
        else root.querySelectorAll(MARKED).forEach(write);
    };
    new MutationObserver((records) => {
        for (const {type, target, addedNodes} of records) {
            for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) writeAll(node);
            const own = type === 'characterData' ? target.parentElement : target;
            if (own?.matches?.(MARKED)) write(own);
        }
    }).observe(document.body, {
        childList: true, subtree: true, characterData: true,
        attributes: true, attributeFilter: ['value', 'datetime'],
    });
    writeAll(document.body);
}
