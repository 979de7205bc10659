import { kept, readChunk, requestOf, errorOf, restored, speed, wakeOf, wakeWords, wrongMessage, wrongSettings } from "./chat.js";
import { MessageView } from "./chat-message.js";
import { eventsOf } from "./sse.js";

const prefix = "hypervize-chat:"; // shell.js forgets what bears it when somebody signs out.
const longestHeard = 2000;
const fields = ["system", "temperature", "maxTokens"];
const rooms = new Map();

// Begins in an element: of whom ({ id, model, context, owner }), and how it is ({ status, refusal, usualMs }, and for how long it wakes by now).
export function open(handle, root, whom, now, wakingForMs) {
    if (root) rooms.set(handle, new Playground(root, whom, now, wakingForMs));
}

// Tells how it is now.
export function show(handle, now, wakingForMs) {
    rooms.get(handle)?.now(now, wakingForMs);
}

// The visitor left.
export function close(handle) {
    rooms.get(handle)?.close();
    rooms.delete(handle);
}

class Playground {
    #whom;
    #is;
    #wokenAt = null;
    #part;
    #messages = [];
    #views = [];
    #abort = null;
    #hears = null;
    #atEnd = true;
    #frame = 0;
    #isKept = true;
    #isOver = false;
    #left = new AbortController();

    constructor(root, whom, now, wakingForMs) {
        this.#whom = whom;
        this.#part = name => root.querySelector(`[data-part="${name}"]`);
        const before = this.#restore();
        if (before) for (const name of fields) this.#part(name).value = before.settings[name];
        this.#begin(before?.messages ?? []);
        this.now(now, wakingForMs);

        const on = (target, event, act) => target.addEventListener(event, act, { signal: this.#left.signal });
        const message = this.#part("message");
        on(message, "keydown", e => {
            if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
            e.preventDefault();
            this.#send();
        });
        on(message, "input", () => this.#wrong("message", wrongMessage(message.value)));
        on(this.#part("send"), "click", () => this.#send());
        on(this.#part("stop"), "click", () => this.#abort?.abort());
        on(this.#part("anew"), "click", () => this.#anew());
        on(this.#part("clear"), "click", () => this.#clear());
        for (const name of fields) {
            on(this.#part(name), "input", () => this.#check());
            on(this.#part(name), "change", () => this.#save());
        }
        const list = this.#part("messages");
        on(list, "scroll", () => this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 48);
        on(list, "click", e => { if (e.target.closest('[data-act="again"]')) this.#again(); });
        on(document, "submit", e => { if (e.target.getAttribute("action") === "sign-out") this.#forget(); });
        // Signed out, or cleared, in another tab.
        on(window, "storage", e => { if (e.key === this.#key && e.newValue === null) this.#forget(); });
        on(window, "pagehide", () => this.#save());
    }

    now(is, wakingForMs) {
        this.#is = is;
        if (is.status === "waking") this.#wokenAt = performance.now() - wakingForMs;
        else if (is.status !== "hibernated") this.#wokenAt = null;
        this.#draw();
    }

    close() {
        this.#isOver = true;
        this.#abort?.abort();
        if (this.#last?.state === "pending") this.#last.state = "stopped";
        this.#save();
        cancelAnimationFrame(this.#frame);
        this.#left.abort();
    }

    get #key() { return prefix + this.#whom.id; }

    get #last() { return this.#messages.at(-1); }

    get #settings() {
        return Object.fromEntries(fields.map(name => [name, this.#part(name).value]));
    }

    #send() {
        const field = this.#part("message");
        const text = field.value;
        if (this.#abort || this.#is.refusal || !text.trim()) return;
        const wrong = this.#check();
        const problem = wrongMessage(text);
        this.#wrong("message", problem);
        if (problem || wrong) return this.#part(problem ? "message" : wrong).focus();
        field.value = "";
        this.#add({ role: "user", text });
        this.#answer();
        this.#save();
    }

    #again() {
        if (this.#abort || this.#is.refusal || this.#last?.role !== "assistant") return;
        const wrong = this.#check();
        if (wrong) return this.#part(wrong).focus();
        this.#messages.pop();
        this.#views.pop().element.remove();
        this.#part("message").focus();
        this.#answer();
    }

    async #answer() {
        const body = requestOf(this.#whom.model, this.#settings, this.#messages);
        const answer = { role: "assistant", text: "", reasoning: "", state: "pending", figures: {}, failure: null };
        this.#add(answer);
        this.#atEnd = true;
        this.#hears = { at: performance.now(), firstAt: null, lastAt: null, comment: null };
        this.#abort = new AbortController();
        if (this.#is.status === "hibernated") this.#wokenAt = performance.now();
        if (this.#wokenAt !== null) this.#say(wakeWords(this.#is.usualMs, 0).split(";")[0]);
        this.#switch(true);
        const tick = setInterval(() => this.#draw(), 250);
        try {
            await this.#listen(answer, body, this.#abort.signal);
            answer.state = answer.failure ? "failed" : "done";
        } catch (e) {
            if (this.#abort.signal.aborted) answer.state = "stopped";
            else [answer.state, answer.failure] = ["failed", { status: null, code: "connection", message: e.message }];
        } finally {
            clearInterval(tick);
            this.#abort = null;
        }
        if (this.#isOver) return;
        this.#switch(false);
        if (this.#last !== answer) return;
        this.#measure(answer);
        this.#save();
        this.#drawNow();
        this.#say(answer.failure ? this.#part("messages").lastChild.querySelector(".trouble").textContent : `Answer: ${answer.text.slice(0, longestHeard)}`);
    }

    async #listen(answer, body, signal) {
        const response = await fetch(`relay/endpoints/${encodeURIComponent(this.#whom.id)}/chat`, {
            method: "POST", body: JSON.stringify(body), signal,
            headers: { "Content-Type": "application/json", "X-Requested-With": "hypervize", Accept: "text/event-stream, application/json" },
        });
        if (response.status === 401) location.assign("sign-in?problem=session_ended");
        const receipt = wakeOf(response.headers.get("x-hypervize-wake"));
        if (receipt !== null) answer.figures.wokeMs = receipt;
        if (!response.ok || !response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
            const text = await response.text();
            return response.ok ? this.#take(answer, text) : this.#refused(answer, response, text);
        }
        let [isWhole, isDone] = [false, false];
        for await (const events of eventsOf(response)) {
            for (const { comment, data } of events) {
                if (comment !== undefined) this.#heard(answer, comment);
                else if (data === "[DONE]") isDone = true;
                else if (this.#take(answer, data)) isWhole = true;
                if (answer.failure) return;
            }
            this.#draw();
        }
        if (!isWhole && !isDone) answer.failure = { status: null, code: "incomplete", message: "" };
    }

    #heard(answer, comment) {
        const [, receipt] = /^x-hypervize-wake:(.*)/.exec(comment) ?? [];
        if (receipt) answer.figures.wokeMs = wakeOf(receipt);
        else this.#hears.comment = comment;
    }

    // Whether this was the last that the model says.
    #take(answer, data) {
        const chunk = readChunk(data);
        if (chunk.error) {
            answer.failure = { status: null, ...chunk.error };
            return true;
        }
        if (chunk.text || chunk.reasoning) {
            this.#hears.lastAt = performance.now();
            this.#hears.firstAt ??= this.#hears.lastAt;
            answer.text += chunk.text;
            answer.reasoning += chunk.reasoning;
        }
        if (chunk.tokens !== null) answer.figures.tokens = chunk.tokens;
        if (chunk.finish) answer.figures.finish = chunk.finish;
        return chunk.finish !== null;
    }

    #refused(answer, response, text) {
        let error = null;
        try {
            error = errorOf(JSON.parse(text));
        } catch { /* Not everything in between answers with JSON. */ }
        const retryAfter = Number(response.headers.get("Retry-After")) || null;
        answer.failure = { status: response.status, code: error?.code ?? null, message: error?.message ?? `The platform answered with HTTP ${response.status}.`, retryAfter };
    }

    #measure(answer) {
        const { at, firstAt, lastAt } = this.#hears;
        if (firstAt === null) return;
        answer.figures.firstMs = firstAt - at;
        answer.figures.perSecond = answer.figures.tokens == null ? null : speed(answer.figures.tokens, lastAt - firstAt);
    }

    #waiting() {
        if (this.#hears.firstAt !== null) return null;
        const now = performance.now();
        const passed = now - this.#hears.at;
        if (this.#wokenAt !== null) {
            const [usual, waking] = [this.#is.usualMs, now - this.#wokenAt];
            return { words: wakeWords(usual, waking), share: usual === null || waking > usual ? null : waking / usual };
        }
        if (passed < 400) return { words: "Sent.", share: null };
        return { words: this.#hears.comment === "waking" ? "Waiting for a node that has room." : "Waiting for the first token.", share: null };
    }

    #draw() {
        if (this.#frame === 0 && !this.#isOver) this.#frame = requestAnimationFrame(() => this.#drawNow());
    }

    #drawNow() {
        cancelAnimationFrame(this.#frame);
        this.#frame = 0;
        this.#part("empty").hidden = this.#messages.length > 0;
        if (this.#last) this.#views.at(-1).show(this.#last, this.#abort ? this.#waiting() : null, !this.#is.refusal);
        const list = this.#part("messages");
        if (this.#atEnd) list.scrollTop = list.scrollHeight;
    }

    #add(message) {
        if (this.#last?.role === "assistant") this.#views.at(-1).show(this.#last, null);
        this.#messages.push(message);
        const view = new MessageView(message);
        this.#views.push(view);
        this.#part("messages").append(view.element);
    }

    #begin(messages) {
        this.#part("messages").replaceChildren();
        [this.#messages, this.#views, this.#atEnd] = [[], [], true];
        for (const message of messages) this.#add(message);
        this.#draw();
    }

    #anew() {
        this.#abort?.abort();
        this.#begin([]);
        this.#save();
        this.#part("message").focus();
    }

    #clear() {
        this.#forget();
        this.#isKept = true;
        for (const name of [...fields, "message"]) this.#part(name).value = "";
        this.#check();
        this.#begin([]);
        this.#say("Cleared.");
        this.#part("message").focus();
    }

    // Nothing of it is kept from now on, whatever is under way.
    #forget() {
        this.#isKept = false;
        this.#abort?.abort();
        try { localStorage.removeItem(this.#key); } catch { /* Then nothing is kept there. */ }
    }

    #restore() {
        try {
            // What somebody else left on this machine goes.
            for (const key of Object.keys(localStorage).filter(k => k.startsWith(prefix)))
                if (!restored(localStorage.getItem(key), this.#whom.owner)) localStorage.removeItem(key);
            return restored(localStorage.getItem(this.#key), this.#whom.owner);
        } catch {
            return null;
        }
    }

    #save() {
        if (!this.#isKept) return;
        try {
            localStorage.setItem(this.#key, JSON.stringify({ owner: this.#whom.owner, settings: this.#settings, messages: kept(this.#messages) }));
        } catch { /* It lasts as long as the page then. */ }
    }

    // The first field that is wrong; null for none.
    #check() {
        const wrong = wrongSettings(this.#settings, this.#whom.context);
        for (const [name, words] of Object.entries(wrong)) this.#wrong(name, words);
        return Object.keys(wrong).find(name => wrong[name]) ?? null;
    }

    #wrong(name, words) {
        const said = this.#part(`${name}-error`);
        if (said.textContent !== words) said.textContent = words;
        this.#part(name).setAttribute("aria-invalid", words ? "true" : "false");
    }

    #switch(isAnswering) {
        const [send, stop] = [this.#part("send"), this.#part("stop")];
        const hadFocus = document.activeElement === (isAnswering ? send : stop);
        [send.hidden, stop.hidden] = [isAnswering, !isAnswering];
        if (hadFocus) (isAnswering ? stop : this.#part("message")).focus();
    }

    #say(words) {
        this.#part("announce").textContent = words;
    }
}
