import { eventsOf, SseReader } from "./sse.js";

// Not by EventSource, which does not say why it was refused, and forgets after which line it was when it is begun anew.

const longestSilence = 40_000; // The platform says something every 15 s.
const early = 2000;
const retries = [500, 1000, 2000, 5000, 10_000];

// Follows a stream of events, over and over, from where it broke. Tells event(name, data), and state(name, message): "live", "reconnecting", "waiting"
// while there is nothing to be read yet, or "ended".
export class LogStream {
    #address;
    #handlers;
    #abort = null;
    #lastId = "";
    #isOver = false;
    #isEarly = false;
    #wake = null;

    constructor(address, handlers) {
        [this.#address, this.#handlers] = [address, handlers];
        this.#follow();
    }

    close() {
        this.#isOver = true;
        this.#abort?.abort();
        this.#wake?.();
    }

    async #follow() {
        for (let failures = 0; !this.#isOver; failures++) {
            try {
                if (await this.#read(() => failures = -1)) return;
            } catch {
                this.#isEarly = false; // It is tried again, and said.
            }
            if (this.#isOver) return;
            this.#handlers.state(this.#isEarly ? "waiting" : "reconnecting", "");
            await new Promise(done => {
                this.#wake = done;
                setTimeout(done, this.#isEarly ? early : retries[Math.min(Math.max(0, failures), retries.length - 1)]);
            });
        }
    }

    // Whether it came to its end.
    async #read(began) {
        const abort = this.#abort = new AbortController();
        let silence;
        const heard = () => {
            clearTimeout(silence);
            silence = setTimeout(() => abort.abort(), longestSilence);
        };
        try {
            heard();
            const headers = { Accept: "text/event-stream" };
            if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
            const response = await fetch(this.#address, { headers, signal: abort.signal, cache: "no-store" });
            // Before the first node was asked for.
            this.#isEarly = response.status === 404;
            if (!response.ok) return await this.#refused(response);
            this.#handlers.state("live", "");
            const reader = new SseReader();
            for await (const events of eventsOf(response, reader)) {
                heard();
                began();
                for (const { event, data } of events) {
                    if (this.#isOver) return true;
                    if (event === undefined) continue;
                    const told = JSON.parse(data);
                    if (event === "end") return this.#end(told.message);
                    this.#handlers.event(event, told);
                }
                this.#lastId = reader.lastId || this.#lastId;
            }
            return false;
        } finally {
            clearTimeout(silence);
        }
    }

    async #refused(response) {
        if (response.status === 401) location.assign("sign-in?problem=session_ended");
        const text = await response.text();
        // What is broken may be mended.
        if (this.#isEarly || response.status === 429 || response.status >= 500) return false;
        let problem = {};
        try { problem = JSON.parse(text); } catch { /* Then its status says all. */ }
        return this.#end(problem.detail ?? `The platform answered with HTTP ${response.status}.`);
    }

    #end(message) {
        this.#isOver = true;
        this.#abort.abort();
        this.#handlers.state("ended", message);
        return true;
    }
}
