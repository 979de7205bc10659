import assert from "node:assert/strict";
import test from "node:test";
import { eventsOf, SseReader } from "./js/sse.js";

const all = (...pieces) => {
    const reader = new SseReader();
    return [...pieces.flatMap(p => reader.read(p)), ...reader.end()];
};

test("An event is told when its empty line has come", () => {
    const reader = new SseReader();
    assert.deepEqual(reader.read("data: one"), []);
    assert.deepEqual(reader.read("\n"), []);
    assert.deepEqual(reader.read("\n"), [{ event: "message", data: "one" }]);
});

test("Wherever a stream is cut, its events are the same", () => {
    const stream = ": beat\r\n\r\nevent: lines\r\nid: 7\r\ndata: [1,\r\ndata: 2]\r\n\r\ndata: {\"a\":\"b: c\"}\n\ndata\n\n";
    const whole = all(stream);
    assert.deepEqual(whole, [{ comment: "beat" }, { event: "lines", data: "[1,\n2]" }, { event: "message", data: "{\"a\":\"b: c\"}" }, { event: "message", data: "" }]);
    for (let at = 1; at < stream.length; at++) assert.deepEqual(all(stream.slice(0, at), stream.slice(at)), whole);
    assert.deepEqual(all(...stream), whole);
});

test("What has no empty line behind it at the end counts, too", () => assert.deepEqual(all("data: last"), [{ event: "message", data: "last" }]));

test("An event's id counts when the event is whole", () => {
    const reader = new SseReader();
    reader.read("id: 1\ndata: a\n\nid: 2\ndata: b\n");
    assert.equal(reader.lastId, "1");
    reader.read("\n");
    assert.equal(reader.lastId, "2");
});

test("An answer's bytes are read as they come, letters that are cut included", async () => {
    const bytes = new TextEncoder().encode("data: grüße\n\n");
    const body = new ReadableStream({
        start(to) {
            for (const byte of bytes) to.enqueue(new Uint8Array([byte]));
            to.close();
        },
    });
    const found = [];
    for await (const events of eventsOf({ body })) found.push(...events);
    assert.deepEqual(found, [{ event: "message", data: "grüße" }]);
});
