import { excerpt, found, levels, shortNode, timeOfDay } from "./log-store.js";

const beyond = 6; // Rows above and below what is seen.
const colours = 6;

// A list that draws only the rows in sight, all of one height, and stays where its reader is, whatever comes and goes around it.
export class LogRows {
    #list;
    #store;
    #changed;
    #space;
    #rows = [];
    #height;
    #marked = null;
    #anchor = null; // The line on top, and how far it is scrolled out.
    #seen = -1; // The last line there was when following stopped.
    #top = 0;
    #dropped = 0;
    #watch;
    #left = new AbortController();

    isFollowing = true;

    // Nodes in their order, which gives them their colours.
    nodes = new Map();

    constructor(list, store, changed) {
        [this.#list, this.#store, this.#changed] = [list, store, changed];
        this.#space = made("div", "space");
        list.replaceChildren(this.#space);
        this.#height = Math.ceil(parseFloat(getComputedStyle(list).lineHeight)) || 22;
        list.style.setProperty("--row", `${this.#height}px`);
        list.addEventListener("scroll", () => this.#scrolled(), { signal: this.#left.signal, passive: true });
        this.#watch = new ResizeObserver(changed);
        this.#watch.observe(list);
    }

    // The number of the line on top; undefined when there is none.
    get top() {
        return this.#numberAt(Math.ceil(this.#list.scrollTop / this.#height));
    }

    // Lines that came since following stopped.
    get fresh() {
        return this.isFollowing ? 0 : this.#store.count - this.#store.placeOf(this.#seen + 1);
    }

    follow() {
        this.isFollowing = true;
        this.#changed();
    }

    stay() {
        this.#hold();
        this.#changed();
    }

    // The line that is shown as a whole elsewhere; null for none.
    mark(number) {
        this.#marked = number;
    }

    // The number of the line that an element belongs to; undefined when it belongs to none.
    numberOf(element) {
        return this.#rows.find(r => r.element.contains(element))?.number;
    }

    draw(searched) {
        const [list, store] = [this.#list, this.#store];
        this.#dropped = store.dropped;
        const height = `${store.count * this.#height}px`;
        if (this.#space.style.height !== height) this.#space.style.height = height;
        if (this.isFollowing) list.scrollTop = list.scrollHeight;
        else if (this.#anchor) this.#scrollTo(store.placeOf(this.#anchor.number) * this.#height + this.#anchor.offset);

        this.#top = list.scrollTop;
        const first = Math.max(0, Math.floor(list.scrollTop / this.#height) - beyond);
        const count = Math.min(store.count - first, Math.ceil(list.clientHeight / this.#height) + 2 * beyond);
        this.#have(Math.max(0, count));
        for (let place = first; place < first + count; place++) this.#fill(this.#rows[place % this.#rows.length], place, searched);
    }

    close() {
        this.#left.abort();
        this.#watch.disconnect();
    }

    #scrolled() {
        const list = this.#list;
        // It is told of our own moves, too, and late: they say nothing of what its reader wants.
        if (this.#store.isStale || Math.abs(list.scrollTop - this.#top) < 1) return;
        // However little it is, up is away from the end.
        const near = list.scrollTop < this.#top ? 1 : 1.5 * this.#height;
        this.#top = list.scrollTop;
        if (list.scrollHeight - list.scrollTop - list.clientHeight <= near) this.isFollowing = true;
        else this.#hold();
        this.#changed();
    }

    #hold() {
        if (this.isFollowing) this.#seen = this.#store.shown(this.#store.count - 1)?.number ?? -1;
        this.isFollowing = false;
        const top = Math.floor(this.#list.scrollTop / this.#height);
        const number = this.#numberAt(top);
        this.#anchor = number === undefined ? null : { number, offset: this.#list.scrollTop - top * this.#height };
    }

    // Of a place as it was drawn: lines before it may be gone since.
    #numberAt(place) {
        return this.#store.shown(Math.max(0, place - (this.#store.dropped - this.#dropped)))?.number;
    }

    #scrollTo(top) {
        if (Math.abs(this.#list.scrollTop - top) >= 1) this.#list.scrollTop = top;
    }

    #have(count) {
        while (this.#rows.length > count) this.#rows.pop().element.remove();
        const fragment = document.createDocumentFragment();
        while (this.#rows.length < count) {
            const row = { element: made("div", "line"), parts: ["time", "level", "node", "text"].map(kind => made("span", kind)), number: -1, searched: null, top: null };
            row.element.append(...row.parts);
            fragment.append(row.element);
            this.#rows.push(row);
        }
        this.#space.append(fragment);
    }

    #fill(row, place, searched) {
        const { number, line } = this.#store.shown(place);
        const top = place * this.#height;
        if (row.top !== top) row.element.style.transform = `translateY(${row.top = top}px)`;
        const isMarked = number === this.#marked;
        if (row.number === number && row.searched === searched && row.isMarked === isMarked) return;
        [row.number, row.searched, row.isMarked] = [number, searched, isMarked];
        const [time, level, node, text] = row.parts;
        const [at, isOwn] = [line.at ?? line.arrived, line.at !== null];
        row.element.className = `line ${line.level < 0 ? "" : `at-${levels[line.level]}`} ${line.weight === levels.length ? "note" : ""} ${isMarked ? "marked" : ""}`;
        time.textContent = timeOfDay(at);
        time.title = `${isOwn ? "" : "arrived "}${new Date(at).toISOString()}`;
        time.className = isOwn ? "time" : "time arrived";
        level.textContent = line.level < 0 ? "" : levels[line.level];
        node.textContent = shortNode(line.nodeId);
        node.title = line.nodeId;
        node.className = `node colour-${(this.nodes.get(line.nodeId) ?? 0) % colours}`;
        highlight(text, excerpt(line.text, searched), searched);
    }
}

function highlight(element, text, searched) {
    const places = found(text, searched);
    if (places.length === 0) {
        element.textContent = text;
        return;
    }
    const parts = [];
    let from = 0;
    for (const [start, end] of places) {
        parts.push(text.slice(from, start), Object.assign(document.createElement("mark"), { textContent: text.slice(start, end) }));
        from = end;
    }
    element.replaceChildren(...parts, text.slice(from));
}

function made(tag, kind) {
    return Object.assign(document.createElement(tag), { className: kind });
}
