// Server-sent events, read from whatever pieces they arrive in.
export class SseReader {
    #rest = "";
    #searched = 0;
    #data = [];
    #event = "";

    // The id of the last event that was whole; "" while none had one.
    lastId = "";
    #id = "";

    // Events { event, data } and comments { comment } that are whole with this piece.
    read(text) {
        const found = [];
        const ends = /\r\n|\n|\r(?!$)/g; // A carriage return at the end may be half of a line's end.
        this.#rest += text;
        ends.lastIndex = this.#searched;
        let start = 0;
        for (let end; (end = ends.exec(this.#rest)); start = ends.lastIndex) this.#line(this.#rest.slice(start, end.index), found);
        this.#rest = this.#rest.slice(start);
        this.#searched = Math.max(0, this.#rest.length - 1);
        return found;
    }

    // What has no empty line behind it when the stream ends.
    end() {
        return this.read("\n\n\n");
    }

    #line(line, found) {
        if (line === "") {
            this.lastId = this.#id;
            if (this.#data.length > 0) found.push({ event: this.#event || "message", data: this.#data.join("\n") });
            this.#data = [];
            this.#event = "";
            return;
        }
        const colon = line.indexOf(":");
        if (colon === 0) {
            found.push({ comment: line.slice(1).trim() });
            return;
        }
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
        if (name === "data") this.#data.push(value);
        else if (name === "event") this.#event = value;
        else if (name === "id" && !value.includes("\0")) this.#id = value;
    }
}

// Reads an answer's events as they come; ends with the stream.
export async function* eventsOf(response, reader = new SseReader()) {
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
        for (;;) {
            const { done, value } = await text.read();
            yield done ? reader.end() : reader.read(value);
            if (done) return;
        }
    } finally {
        text.cancel().catch(() => { });
    }
}
