() => {
    // The page's own script sends events without waiting for one another, and hands the answers on
    // by timers, or at once if they came before it knew which event they are for. On a busy machine
    // what an earlier key found was shown after what the last one did. Events are sent one after
    // another here, and their answers handed on as they come.
    const {fetch, setTimeout} = window;
    const PATIENCE_MS = 5000;
    const isEvent = (request) => /\/queue\/join\b/.test(String(request?.url ?? request));
    const patience = () => new Promise((over) => setTimeout(over, PATIENCE_MS));
    let earlier = Promise.resolve();

    window.fetch = (request, ...options) => {
        if (!isEvent(request)) return fetch(request, ...options);
        let isOver;
        const over = new Promise((known) => { isOver = known; });
        const answer = earlier.then(async () => {
            try {
                const sent = await fetch(request, ...options);
                sent.clone().text().then(isOver, isOver);
                return sent;
            } catch (error) {
                isOver();
                throw error;
            }
        });
        // One that is not answered holds the next ones back for so long from its own turn on.
        earlier = earlier.then(() => Promise.race([over, patience()]));
        return answer;
    };
    window.setTimeout = (handler, delay, ...values) => {
        if (!values[0]?.msg || delay) return setTimeout(handler, delay, ...values);
        queueMicrotask(() => handler(...values));
        return 0;
    };
}
