import assert from "node:assert/strict";
import test from "node:test";
import { excerpt, found, LineRing, LogStore, shortNode, timeOfDay } from "./js/log-store.js";

const line = (text, level = null, nodeId = "node-a", at = null) => ({ nodeId, at, level, text });
const texts = store => Array.from({ length: store.count }, (_, n) => store.shown(n).line.text);
const filled = (...lines) => {
    const store = new LogStore();
    store.add(lines, 1000);
    store.test(Infinity);
    return store;
};

test("A ring keeps the newest lines within its bounds", () => {
    const ring = new LineRing(3, 10);
    for (const text of ["a", "b", "c", "d"]) ring.push({ text });
    assert.deepEqual([ring.first, ring.next, ring.at(1).text, ring.at(3).text], [1, 4, "b", "d"]);
    ring.push({ text: "123456789" });
    assert.deepEqual([ring.count, ring.at(3).text], [2, "d"]);
    ring.push({ text: "longer than all of it" });
    assert.deepEqual([ring.count, ring.at(5).text], [1, "longer than all of it"]);
    ring.clear();
    assert.equal(ring.count, 0);
    ring.push({ text: "again" });
    assert.equal(ring.at(6).text, "again");
});

test("Text is searched in any case", () => {
    const store = filled(line("GET /health"), line("POST /chat"), line("get /models"));
    store.filter("GET", 0, "");
    assert.equal(store.test(Infinity), true);
    assert.deepEqual(texts(store), ["GET /health", "get /models"]);
});

test("A line without a level goes with the one before it of its node", () => {
    const store = filled(line("started"), line("failed", "error"), line("  at stack"), line("other", null, "node-b"), line("fine", "info"), line("  more"));
    store.filter("", 3, "");
    store.test(Infinity);
    assert.deepEqual(texts(store), ["failed", "  at stack"]);
    store.filter("", 1, "node-b");
    store.test(Infinity);
    assert.deepEqual(texts(store), ["other"]);
});

test("New lines are tested once, and a filter goes through in pieces", () => {
    let tested = 0;
    class Counted extends LogStore {
        matches(it) {
            tested++;
            return super.matches(it);
        }
    }
    const store = new Counted();
    store.add(Array.from({ length: 1000 }, (_, n) => line(`line ${n}`)), 0);
    while (!store.test(64));
    assert.equal(tested, 1000);
    store.add([line("line 1000")], 0);
    store.test(64);
    assert.equal(tested, 1001);
    store.filter("line 9", 0, "");
    assert.equal(store.isStale, true);
    assert.equal(store.test(500), false);
    store.add([line("line 9 again")], 0);
    while (!store.test(500));
    assert.deepEqual([store.isStale, store.count, tested], [false, 112, 1001 + 1002]);
});

test("What is kept no longer is shown no longer, however long it goes on", () => {
    const store = new LogStore(100);
    for (let n = 0; n < 20_000; n++) {
        store.add([line(`line ${n}`)], n);
        if (n % 7 === 0) store.test(Infinity);
    }
    store.test(Infinity);
    assert.deepEqual([store.kept, store.count, store.shown(0).line.text, store.shown(99).line.text], [100, 100, "line 19900", "line 19999"]);
    assert.equal(store.placeOf(19_950), 50);
    assert.equal(store.placeOf(0), 0);
    assert.equal(store.placeOf(30_000), 100);
    assert.deepEqual([store.shown(-1), store.shown(100)], [null, null]);
});

test("What arrives in a pause waits, within the same bounds, and is shown then", () => {
    const store = new LogStore(10);
    store.add([line("before")], 0);
    store.pause();
    for (let n = 0; n < 15; n++) store.add([line(`late ${n}`)], n);
    store.test(Infinity);
    assert.deepEqual([texts(store), store.late], [["before"], 15]);
    store.resume();
    store.test(Infinity);
    assert.deepEqual([store.count, store.shown(9).line.text], [10, "late 14"]);
    store.pause();
    assert.equal(store.late, 0);
    store.add([line("later")], 0);
    assert.equal(store.late, 1);
    store.clear();
    assert.deepEqual([store.kept, store.count, store.late], [0, 0, 0]);
});

test("A file has what matches, with the time of each line", () => {
    const store = filled(line("one", "info", "node-a", "2026-11-20T12:00:00.5Z"), line("two"));
    store.filter("o", 0, "");
    assert.deepEqual([...store.text()], ["2026-11-20T12:00:00.500Z node-a one\n", "1970-01-01T00:00:01.000Z node-a two\n"]);
    store.filter("two", 0, "");
    assert.equal([...store.text()].length, 1);
});

test("What is left out is said whatever the level", () => {
    const store = filled(line("ok", "info"));
    store.note("node-a", "12 bytes are left out", 0);
    store.add([line("next")], 0);
    store.filter("", 2, "");
    store.test(Infinity);
    assert.deepEqual(texts(store), ["12 bytes are left out"]);
});

test("Places of what is searched for are told in the text as it is", () => {
    assert.deepEqual(found("Get get GET", "get"), [[0, 3], [4, 7], [8, 11]]);
    assert.deepEqual(found("a.b", "."), [[1, 2]]);
    assert.deepEqual(found("text", ""), []);
    assert.deepEqual(found("İ text", "text"), []);
});

test("A row shows as much of a long line as can be read, around what is searched for", () => {
    assert.equal(excerpt("short", ""), "short");
    assert.equal(excerpt("x".repeat(1000), "").length, 401);
    const far = excerpt(`${"x".repeat(5000)}needle${"y".repeat(5000)}`, "NEEDLE");
    assert.ok(far.startsWith("…") && far.endsWith("…") && far.includes("needle") && far.length <= 402);
});

test("Times and nodes are short", () => {
    assert.match(timeOfDay(Date.now()), /^\d\d:\d\d:\d\d\.\d{3}$/);
    assert.equal(shortNode("node-0123456789ab"), "012345");
});
