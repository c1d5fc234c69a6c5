// Adding documents from anywhere on the page: files and folders that are dropped or pasted, pasted
// addresses and texts. It runs once, for `element`, which holds the first sight while there is
// nothing else to show; `trigger` tells the server.
const MAX_FILES = 500;  // of a folder, at a time
const zone = () => element.querySelector('.zone');
const make = (html) => {
    const template = document.createElement('template');
    template.innerHTML = html;
    document.body.append(template.content.firstElementChild);
    return document.body.lastElementChild;
};

// What is going on is said at the page's edge.
const line = make('<div id="arrivals" role="status" hidden></div>');
let fading = 0;
const say = (text, isLasting = false) => {
    clearTimeout(fading);
    line.textContent = text;
    line.hidden = !text;
    if (text && !isLasting) fading = setTimeout(() => say(''), limits.shown);
};
// A file may be called anything: no direction marks, and no name that fills the page.
const called = (name) => {
    const characters = [...name.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')];
    return characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : characters.join('');
};

// What the server would refuse for its size is not sent to it, and what it takes only one after the
// other is sent so.
const inMegabytes = (bytes) => `${Math.round(bytes / 1e6).toLocaleString()} MB`;
const fits = ({size}) => size <= limits.file;
const MAX_NAMED = 5;  // files in a sentence
const tooLarge = (files) => {
    const isOne = files.length === 1;
    const [it, are] = isOne ? ['it', 'is'] : ['them', 'are'];
    const named = files.slice(0, MAX_NAMED).map(
        ({name, size}) => `${called(name)} (${inMegabytes(size)})`);
    if (files.length > MAX_NAMED) {
        named.push(`${(files.length - MAX_NAMED).toLocaleString()} more`);
    }
    const all = isOne ? named[0] : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
    const exports = files.filter(({name}) => name.toLowerCase().endsWith(exported)).length;
    const ways = [
        exports && `import ${exports < files.length ? 'exported sessions' : it} with ` +
            'python launch.py import FILE where Ammon runs',
        exports < files.length && `split ${exports ? 'the others' : it} into parts and add them ` +
            'one after another',
    ];
    return `${all} ${are} too large, as the page takes files of ${inMegabytes(limits.file)} at ` +
        `most: ${ways.filter(Boolean).join(', and ')}.`;
};
const countAtOnce = (files) => {
    let sum = 0;
    const over = files.findIndex(({size}) => (sum += size + 1000) > limits.upload);
    return over < 0 ? files.length : over;
};

// Files are handed to the field for uploads, among the sources. The framework drops what comes while
// it uploads or adds earlier files. It takes the field away meanwhile, shows the files with another
// field beside them, and then makes a new one.
const field = () => document.querySelector('#sources input[type=file]');
let given = null;
let waiting = [];
let refused = [];  // sentences about what is not added, said beside what is, and after it
const tellRefused = () => {
    say(refused.join(' '));
    refused = [];
};
const hand = () => {
    const input = field();
    const isBusy = input?.closest('.block').querySelector(
        '.file-preview, [data-testid=status-tracker]:not(.hide)');
    if (!input || input === given || isBusy) return;
    if (!waiting.length) {
        given = null;
        tellRefused();
        return;
    }
    const transfer = new DataTransfer();
    const sent = waiting.slice(0, countAtOnce(waiting));
    for (const file of sent) transfer.items.add(file);
    const [first, ...others] = sent;
    waiting = waiting.slice(sent.length);
    given = input;
    const more = others.length ? ` and ${others.length.toLocaleString()} more` : '';
    say([...refused, `Adding ${called(first.name)}${more}…`].join(' '), true);
    input.files = transfer.files;
    input.dispatchEvent(new Event('change', {bubbles: true}));
    later();
};
let isWatching = false;
const later = () => {
    if (isWatching) return;
    isWatching = true;
    const watch = setInterval(() => {
        hand();
        if (given || waiting.length) return;
        clearInterval(watch);
        isWatching = false;
    }, 300);
};
const add = (files) => {
    const large = files.filter((file) => !fits(file));
    if (large.length) refused.push(tooLarge(large));
    waiting.push(...files.filter(fits));
    if (!given && !waiting.length) {
        tellRefused();
        return;
    }
    if (given && refused.length) say([...refused, 'Adding the others…'].join(' '), true);
    if (!given) hand();
    later();
};

// Chosen in the field's own dialog: what does not fit is taken out before the framework sees it.
document.addEventListener('change', (event) => {
    if (event.target !== field()) return;
    const files = [...event.target.files];
    if (files.every(fits) && countAtOnce(files) === files.length) return;
    event.stopImmediatePropagation();
    event.target.value = '';
    add(files);
}, true);

// Of a folder all files are taken whose names say that they can be read, and none that is hidden.
const entriesIn = async (folder) => {
    const reader = folder.createReader();
    const found = [];
    for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) return found.sort((a, b) => a.name.localeCompare(b.name));
        found.push(...some);
    }
};
const isKnown = (name) => suffixes.includes(`.${name.split('.').at(-1).toLowerCase()}`);
const filesOf = async (entry, left) => {
    if (left.files >= MAX_FILES || entry.name.startsWith('.')) return [];
    if (entry.isFile) {
        if (!isKnown(entry.name)) {
            left.others += 1;
            return [];
        }
        left.files += 1;
        return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    }
    const found = [];
    for (const inner of await entriesIn(entry)) found.push(...await filesOf(inner, left));
    return found;
};
const dropped = async (transfer) => {
    // The browser forgets them as soon as this turn is over.
    const items = [...transfer.items].filter((item) => item.kind === 'file');
    const found = items.map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()]);
    const left = {files: 0, others: 0};
    const files = [];
    for (const [entry, file] of found) {
        if (!entry?.isDirectory) files.push(file);
        else try {
            files.push(...await filesOf(entry, left));
        } catch {
            const name = called(entry.name);
            refused.push(`The folder ${name} cannot be read by the browser; drop its files.`);
        }
    }
    if (left.files >= MAX_FILES) {
        refused.push(`Only the first ${MAX_FILES} files of the folder are added.`);
    } else if (left.others) {
        refused.push(`${left.others.toLocaleString()} files of other kinds were left out.`);
    }
    add(files.filter(Boolean));
    return files;
};

// Dropping: a veil says what would happen. Nothing that is dropped is opened in place of the page.
const veil = make('<div id="veil" hidden><p></p></div>');
const isEditable = (node) => Boolean(node?.closest?.('input, textarea, [contenteditable]'));
const target = () => {
    const chosen = document.querySelector('.sessions input:checked')?.closest('label');
    return chosen?.textContent.trim().split('\n')[0];
};
const isWanted = (event) => {
    const types = [...event.dataTransfer?.types ?? []];
    return types.includes('Files') || (types.length && !isEditable(event.target));
};
window.addEventListener('dragenter', (event) => {
    if (isWanted(event)) event.stopPropagation();  // the framework would wait for the drop
}, true);
window.addEventListener('dragover', (event) => {
    if (!isWanted(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const name = target();
    veil.firstElementChild.textContent = name ? `Drop to add to “${name}”` : 'Drop to read it';
    veil.hidden = false;
}, true);
window.addEventListener('dragleave', ({relatedTarget}) => {
    if (!relatedTarget) veil.hidden = true;
}, true);
window.addEventListener('drop', (event) => {
    veil.hidden = true;
    if (!isWanted(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const text = event.dataTransfer.getData('text/plain');
    if (event.dataTransfer.types.includes('Files')) void dropped(event.dataTransfer);
    else take(text);
}, true);

// Pasting outside every field: an address is fetched where that is allowed, a text is offered.
const take = (text) => {
    const whole = text.trim();
    if (/^https?:\/\/\S+$/i.test(whole)) {
        say(`Fetching ${whole.slice(0, 100)}…`, true);
        trigger('apply', {url: whole});
    } else if (whole) offer(text);
};
document.addEventListener('paste', (event) => {
    if (isEditable(event.target)) return;
    const files = [...event.clipboardData.files];
    event.preventDefault();
    if (files.length) add(files);
    else take(event.clipboardData.getData('text/plain'));
});

const panel = make(`<form id="paste-panel" role="dialog" aria-label="Paste text" hidden>
    <h3>Paste text</h3><p class="where"></p>
    <label>Its title (may stay empty)<input type="text" maxlength="120"></label>
    <label>Text to read<textarea rows="8" required></textarea></label>
    <div><button type="submit" class="main">Read this text</button>
    <button type="button" data-do="cancel">Cancel</button></div></form>`);
const [title, body] = panel.querySelectorAll('input, textarea');
const submit = panel.querySelector('[type=submit]');
let opener = null;
const offer = (text) => {
    if (panel.hidden) opener = document.activeElement;
    const name = target();
    panel.querySelector('.where').textContent = name
        ? `It is added to “${name}”.` : 'It is read in a new session.';
    if (text) body.value = text;
    panel.hidden = false;
    body.focus();
    body.setSelectionRange(0, 0);
    body.scrollTop = 0;
};
const close = () => {
    panel.hidden = true;
    if (opener?.isConnected && opener !== document.body) opener.focus();
    else toWork();
};
panel.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!body.value.trim()) return;
    submit.disabled = true;
    trigger('submit', {title: title.value, text: body.value});
});
panel.addEventListener('click', (event) => { if (event.target.dataset.do === 'cancel') close(); });
panel.addEventListener('keydown', ({key}) => { if (key === 'Escape') close(); });
document.addEventListener('adding-ended', () => say(''));
document.addEventListener('text-sent', ({detail}) => {
    submit.disabled = false;
    if (!detail) return;  // refused: the text stays, to be changed
    title.value = body.value = '';
    close();
});

// The buttons of the first sight.
const actions = {
    choose: () => field()?.click(),
    sample: () => {
        say('Adding the sample…', true);
        trigger('click', {});
    },
    paste: () => offer(''),
    ways: () => {
        document.body.classList.add('all-ways');
        const sidebar = document.querySelector('.sidebar');
        if (!sidebar.matches('.open')) sidebar.querySelector('.toggle-button').click();
        sidebar.querySelector('input:not([type=radio])')?.focus();
    },
};
element.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-do]');
    if (button) actions[button.dataset.do]();
});

// When there is something to show, whoever was here goes on with asking.
let wasHere = false;
const toWork = () => {
    const isPointed = window.matchMedia('(pointer: coarse)').matches;  // no keyboard pops up
    const question = isPointed ? '[role=log]' : '#question textarea, .asking textarea';
    (zone()?.querySelector('.drop') ?? document.querySelector(question))?.focus();
};
element.addEventListener('focusin', () => { wasHere = true; });
document.addEventListener('focusin', ({target: now}) => {
    if (!element.contains(now)) wasHere = false;
});
new MutationObserver(() => {
    if (!zone() && wasHere && document.activeElement === document.body) toWork();
}).observe(element, {childList: true, subtree: true});
