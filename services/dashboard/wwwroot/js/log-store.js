// The lines that a page keeps of what nodes print, and which of them are shown, without a page around it.

export const levels = ["debug", "info", "warning", "error"];

// The newest lines, within bounds of number and of characters. Each has a number of its own, from 0, that never changes.
export class LineRing {
    #lines;
    #most;
    #mostCharacters;
    #characters = 0;
    first = 0;
    next = 0;

    constructor(most, mostCharacters) {
        [this.#most, this.#mostCharacters, this.#lines] = [most, mostCharacters, new Array(most)];
    }

    get count() { return this.next - this.first; }

    push(line) {
        if (this.count === this.#most) this.#drop();
        this.#lines[this.next++ % this.#most] = line;
        this.#characters += line.text.length;
        while (this.#characters > this.#mostCharacters && this.count > 1) this.#drop();
    }

    at(number) {
        return this.#lines[number % this.#most];
    }

    clear() {
        while (this.count > 0) this.#drop();
    }

    #drop() {
        const slot = this.first++ % this.#most;
        this.#characters -= this.#lines[slot].text.length;
        this.#lines[slot] = undefined;
    }
}

// Kept lines and a filter over them. Every line is tested once, when its turn comes: new ones, and all of them after the filter was changed.
export class LogStore {
    #kept;
    #late;
    #shown = [];
    #gone = 0; // How many at the beginning of what is shown are kept no longer.
    #tested = 0;
    #lateBefore = 0;
    #levelOf = new Map();
    #filter = { text: "", level: 0, node: "" };
    isPaused = false;

    // How many lines that were shown are not kept any more: places move up by as many.
    dropped = 0;

    // Whether what is shown is not yet all that the filter of now finds.
    isStale = false;

    constructor(most = 10_000, mostCharacters = 16 * 1024 * 1024) {
        this.#kept = new LineRing(most, mostCharacters);
        this.#late = new LineRing(most, mostCharacters);
    }

    get kept() { return this.#kept.count; }

    // Lines that arrived during the pause, those that are lost already included.
    get late() { return this.#late.next - this.#lateBefore; }

    // Lines that match, of those that were tested.
    get count() { return this.#shown.length - this.#gone; }

    get isTested() { return this.#tested === this.#kept.next; }

    // Lines as the stream tells them: { nodeId, at, level, text }; and when they arrived, in milliseconds.
    add(lines, arrived) {
        for (const { nodeId, at, level, text } of lines) {
            // A line that bears no level belongs to the one before it, as the lines of a stack do.
            const own = levels.indexOf(level);
            if (own >= 0) this.#levelOf.set(nodeId, own);
            const line = { nodeId, at: at ? Date.parse(at) : null, arrived, level: own, weight: own >= 0 ? own : this.#levelOf.get(nodeId) ?? 1, text };
            this.#into.push(line);
        }
        this.#dropGone();
    }

    // Something that is said about a node, in the place of what it printed.
    note(nodeId, text, arrived) {
        this.#into.push({ nodeId, at: null, arrived, level: -1, weight: levels.length, text });
        this.#dropGone();
    }

    // From now on what arrives waits, within the same bounds.
    pause() {
        [this.isPaused, this.#lateBefore] = [true, this.#late.next];
    }

    // Shows what arrived meanwhile.
    resume() {
        this.isPaused = false;
        for (let n = this.#late.first; n < this.#late.next; n++) this.#kept.push(this.#late.at(n));
        this.#late.clear();
        this.#dropGone();
    }

    // Text in any case, the least level (0 for all), and a node ("" for all).
    filter(text, level, node) {
        this.#filter = { text: text.toLowerCase(), level, node };
        [this.#shown, this.#gone, this.#tested, this.isStale] = [[], 0, this.#kept.first, true];
    }

    // Tests so many lines more; whether all are tested then.
    test(most) {
        this.#tested = Math.max(this.#tested, this.#kept.first);
        const end = Math.min(this.#kept.next, this.#tested + most);
        for (; this.#tested < end; this.#tested++) if (this.matches(this.#kept.at(this.#tested))) this.#shown.push(this.#tested);
        if (this.isTested) this.isStale = false;
        return this.isTested;
    }

    matches(line) {
        const { text, level, node } = this.#filter;
        return line.weight >= level && (node === "" || line.nodeId === node) && (text === "" || line.text.toLowerCase().includes(text));
    }

    // The line at a place of what is shown, and its number.
    shown(place) {
        const number = place < 0 ? undefined : this.#shown[this.#gone + place];
        return number === undefined ? null : { number, line: this.#kept.at(number) };
    }

    // The place of the first line that is shown with this number or a higher one.
    placeOf(number) {
        let [from, to] = [this.#gone, this.#shown.length];
        while (from < to) {
            const middle = (from + to) >> 1;
            if (this.#shown[middle] < number) from = middle + 1;
            else to = middle;
        }
        return from - this.#gone;
    }

    clear() {
        this.#kept.clear();
        this.#late.clear();
        [this.#shown, this.#gone, this.#tested, this.#lateBefore] = [[], 0, this.#kept.next, this.#late.next];
    }

    // All that match, as a file holds them.
    *text() {
        for (let n = this.#kept.first; n < this.#kept.next; n++) {
            const line = this.#kept.at(n);
            if (this.matches(line)) yield `${new Date(line.at ?? line.arrived).toISOString()} ${line.nodeId} ${line.text}\n`;
        }
    }

    get #into() { return this.isPaused ? this.#late : this.#kept; }

    #dropGone() {
        while (this.#gone < this.#shown.length && this.#shown[this.#gone] < this.#kept.first) {
            this.#gone++;
            this.dropped++;
        }
        // Now and then: taking away the first of many costs as much as there are.
        if (this.#gone < 4096 || this.#gone < this.#shown.length / 2) return;
        this.#shown.splice(0, this.#gone);
        this.#gone = 0;
    }
}

// Where a text stands in another in any case: [start, end] pairs.
export function found(text, searched) {
    const [within, wanted, places] = [text.toLowerCase(), searched.toLowerCase(), []];
    // Some letters change their length with their case; then places can't be told.
    if (wanted === "" || within.length !== text.length) return places;
    for (let at = within.indexOf(wanted); at >= 0; at = within.indexOf(wanted, at + wanted.length)) places.push([at, at + wanted.length]);
    return places;
}

// As much of a line as a row shows: a piece around the first place that was searched for.
export function excerpt(text, searched, most = 400) {
    const first = found(text, searched)[0]?.[0] ?? 0;
    const from = first > most / 2 ? first - 40 : 0;
    const piece = text.slice(from, from + most);
    return `${from > 0 ? "…" : ""}${piece}${from + most < text.length ? "…" : ""}`;
}

// A time of day by the browser's clock, to the millisecond.
export function timeOfDay(ms) {
    const at = new Date(ms);
    const two = number => String(number).padStart(2, "0");
    return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

// A node's id as a row shows it.
export function shortNode(nodeId) {
    return nodeId.replace(/^node-/, "").slice(0, 6);
}
