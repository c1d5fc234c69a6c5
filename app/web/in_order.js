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
        const answer = Promise.race([earlier, patience()]).then(() => fetch(request, ...options));
        earlier = answer.then((sent) => sent.clone().text()).catch(() => {});
        return answer;
    };
    window.setTimeout = (handler, delay, ...values) => {
        if (!values[0]?.msg || delay) return setTimeout(handler, delay, ...values);
        queueMicrotask(() => handler(...values));
        return 0;
    };
}
