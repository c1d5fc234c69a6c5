// Looks for changes and has the page renewed. Runs once, for `element`; `trigger` tells the server.
// A look is a request of its own, which costs next to nothing; nobody sees a hidden page.
const LOOK_MS = 1500;
const LIMIT_MS = 15000;  // a request that hangs would end all looks
let choice = 0;
document.addEventListener('chosen', () => { choice += 1; });
const seen = async () => {
    try {
        const response = await fetch(new URL('changes', document.baseURI), {
            cache: 'no-store', signal: AbortSignal.timeout(LIMIT_MS),
        });
        return response.ok ? await response.text() : '';
    } catch {
        return '';
    }
};
const look = async () => {
    const mark = await seen();
    const shown = element.querySelector('[data-mark]')?.dataset;
    // Without an answer the event is sent all the same: the framework says what is wrong.
    if (mark && shown?.mark === mark && Number(shown.choice) === choice) return;
    trigger('tick', {mark, choice});
};
const lookAgain = async () => {
    if (!document.hidden) await look();
    setTimeout(lookAgain, LOOK_MS);
};
setTimeout(lookAgain, LOOK_MS);
document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
