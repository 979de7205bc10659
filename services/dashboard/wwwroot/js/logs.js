import { levels, LogStore, shortNode } from "./log-store.js";
import { LogRows } from "./log-rows.js";
import { LogStream } from "./log-stream.js";

const testedAtOnce = 250;
const testingMs = 5; // Of a frame's 16: typing comes first.
const pauseMs = 80; // Nobody reads faster.
const typingMs = 40; // What is typed is on the screen before what it finds is drawn,
const longestMs = 250; // but however fast it is typed, something is.
const states = { connecting: "Connecting…", live: "Live", reconnecting: "Reconnecting…", waiting: "No node yet", ended: "Ended" };
const views = new Map();

// Shows the output of an endpoint's nodes in an element.
export function open(handle, root, endpointId) {
    if (root) views.set(handle, new LogView(root, endpointId));
}

// The visitor left.
export function close(handle) {
    views.get(handle)?.close();
    views.delete(handle);
}

class LogView {
    #endpointId;
    #part;
    #store = new LogStore();
    #rows;
    #nodes = new Map();
    #stream = null;
    #searched = "";
    #whole = null;
    #frame = 0;
    #drawnAt = 0;
    #typedAt = -typingMs;
    #timer = 0;
    #left = new AbortController();

    constructor(root, endpointId) {
        this.#endpointId = endpointId;
        this.#part = name => root.querySelector(`[data-part="${name}"]`);
        this.#rows = new LogRows(this.#part("list"), this.#store, () => this.#draw());

        const on = (name, event, act) => this.#part(name).addEventListener(event, act, { signal: this.#left.signal });
        on("search", "keydown", () => this.#typedAt = performance.now());
        on("search", "input", () => this.#filter());
        on("level", "change", () => this.#filter());
        on("node", "change", () => this.#filter());
        on("follow", "click", () => this.#rows.isFollowing ? this.#rows.stay() : this.#rows.follow());
        on("more", "click", () => {
            this.#rows.follow();
            this.#part("list").focus();
        });
        on("pause", "click", () => this.#pause());
        on("clear", "click", () => this.#clear());
        on("download", "click", () => this.#download());
        on("again", "click", () => this.#connect());
        on("list", "click", e => this.#open(e));
        on("list", "keydown", e => { if (e.key === "Enter") this.#show(this.#rows.top); });
        on("whole", "keydown", e => { if (e.key === "Escape") this.#shut(); });
        on("shut", "click", () => this.#shut());
        on("previous", "click", () => this.#step(-1));
        on("next", "click", () => this.#step(1));
        this.#filter();
        this.#connect();
    }

    close() {
        this.#stream?.close();
        this.#left.abort();
        this.#rows.close();
        clearTimeout(this.#timer);
        cancelAnimationFrame(this.#frame);
    }

    #connect() {
        this.#stream?.close();
        this.#state("connecting", "");
        this.#part("again").hidden = true;
        this.#stream = new LogStream(`relay/endpoints/${encodeURIComponent(this.#endpointId)}/logs?tail=1000`, {
            event: (name, told) => this.#take(name, told),
            state: (name, message) => this.#state(name, message),
        });
    }

    #take(name, told) {
        if (name === "lines") {
            for (const { nodeId } of told) if (!this.#nodes.has(nodeId)) this.#node({ nodeId, running: true });
            this.#store.add(told, Date.now());
        } else if (name === "node") {
            this.#node(told);
        } else if (name === "skipped") {
            this.#store.note(told.nodeId, `${told.bytes.toLocaleString("en-US")} bytes are left out here: this page was too far behind.`, Date.now());
        } else if (name === "fetching") {
            const box = this.#part("fetching");
            box.replaceChildren(...told.map(line => Object.assign(document.createElement("div"), { textContent: line })));
            box.hidden = told.length === 0;
        }
        this.#drawIn(this.#drawnAt + pauseMs - performance.now());
    }

    #node({ nodeId, running }) {
        const known = this.#nodes.get(nodeId);
        const option = known ?? Object.assign(document.createElement("option"), { value: nodeId });
        option.textContent = `${shortNode(nodeId)}${running ? "" : ", ended"}`;
        if (known) return;
        this.#rows.nodes.set(nodeId, this.#nodes.size);
        this.#nodes.set(nodeId, option);
        this.#part("node").append(option);
    }

    #state(name, message) {
        const shown = this.#part("state");
        shown.dataset.state = name;
        shown.textContent = message ? `${states[name]}: ${message}` : states[name];
        this.#part("again").hidden = name !== "ended";
    }

    #filter() {
        this.#searched = this.#part("search").value;
        this.#store.filter(this.#searched, Number(this.#part("level").value), this.#part("node").value);
        this.#draw();
    }

    #pause() {
        if (this.#store.isPaused) this.#store.resume();
        else this.#store.pause();
        this.#part("pause").setAttribute("aria-pressed", this.#store.isPaused);
        this.#draw();
    }

    #clear() {
        this.#store.clear();
        this.#shut(false);
        this.#rows.follow();
    }

    #download() {
        const file = URL.createObjectURL(new Blob([...this.#store.text()], { type: "text/plain;charset=utf-8" }));
        const link = Object.assign(document.createElement("a"), { href: file, download: `${this.#endpointId}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.log` });
        link.click();
        setTimeout(() => URL.revokeObjectURL(file), 10_000);
    }

    // A click on a line, unless it ends a selection.
    #open(event) {
        if (getSelection().isCollapsed) this.#show(this.#rows.numberOf(event.target));
    }

    #step(by) {
        this.#show(this.#store.shown(this.#store.placeOf(this.#whole) + by)?.number);
    }

    #show(number) {
        const { line } = (number === undefined ? null : this.#store.shown(this.#store.placeOf(number))) ?? {};
        if (!line) return;
        this.#whole = number;
        const at = new Date(line.at ?? line.arrived).toISOString();
        this.#part("whole-of").textContent = [line.at === null ? `arrived ${at}` : at, levels[line.level], line.nodeId].filter(Boolean).join(" · ");
        this.#part("whole-text").textContent = line.text;
        this.#part("whole-copy").dataset.copy = line.text;
        this.#part("whole").hidden = false;
        this.#rows.mark(number);
        this.#draw();
    }

    #shut(returns = true) {
        this.#part("whole").hidden = true;
        this.#rows.mark(null);
        this.#draw();
        if (returns) this.#part("list").focus();
    }

    #drawIn(ms) {
        this.#timer ||= setTimeout(() => {
            this.#timer = 0;
            this.#draw();
        }, Math.max(0, ms));
    }

    #draw() {
        if (this.#frame === 0 && !this.#left.signal.aborted) this.#frame = requestAnimationFrame(() => this.#drawNow());
    }

    #drawNow() {
        this.#frame = 0;
        const began = performance.now();
        if (began - this.#typedAt < typingMs && began - this.#drawnAt < longestMs) return this.#drawIn(typingMs);
        while (!this.#store.test(testedAtOnce) && performance.now() - began < testingMs);
        if (!this.#store.isTested) this.#draw();
        // What was found by another filter stays until this one has gone through.
        if (this.#store.isStale) return;
        this.#drawnAt = began;
        this.#rows.draw(this.#searched);
        this.#tell();
    }

    #tell() {
        const store = this.#store;
        const number = count => count.toLocaleString("en-US");
        const isFiltered = store.count !== store.kept || this.#searched !== "";
        set(this.#part("count"), isFiltered ? `${number(store.count)} of ${number(store.kept)} lines match` : `${number(store.kept)} line${store.kept === 1 ? "" : "s"}`);
        set(this.#part("pause"), store.isPaused ? (store.late === 0 ? "Go on" : `Go on, ${number(store.late)} new`) : "Pause");
        this.#part("empty").hidden = store.kept > 0;
        this.#part("none").hidden = store.kept === 0 || store.count > 0;
        this.#part("follow").setAttribute("aria-pressed", this.#rows.isFollowing);
        const fresh = this.#rows.fresh;
        this.#part("more").hidden = this.#rows.isFollowing || store.count === 0;
        set(this.#part("more"), fresh === 0 ? "Follow" : `${number(fresh)} new line${fresh === 1 ? "" : "s"}, follow`);
    }
}

function set(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
