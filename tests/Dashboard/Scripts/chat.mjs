import assert from "node:assert/strict";
import test from "node:test";
import { duration, figureWords, kept, readChunk, requestOf, restored, seconds, segments, speed, wakeOf, wakeWords, wrongMessage, wrongSettings } from "./js/chat.js";
import { explain } from "./js/chat-trouble.js";

const plain = { system: "", temperature: "", maxTokens: "" };
const user = text => ({ role: "user", text });
const answer = (text, more = {}) => ({ role: "assistant", text, reasoning: "", state: "done", figures: {}, failure: null, ...more });

test("A request holds the conversation, and only the settings that were made", () => {
    assert.deepEqual(requestOf("acme/tiny", plain, [user("Hi"), answer("Hello"), user("More")]), {
        model: "acme/tiny", stream: true, stream_options: { include_usage: true },
        messages: [{ role: "user", content: "Hi" }, { role: "assistant", content: "Hello" }, { role: "user", content: "More" }],
    });
    const set = requestOf("m", { system: "Be brief.", temperature: " 0 ", maxTokens: "64" }, [user("Hi")]);
    assert.deepEqual([set.messages[0], set.temperature, set.max_tokens], [{ role: "system", content: "Be brief." }, 0, 64]);
});

test("A question that was not answered is not asked again with the next one", () => {
    const asked = requestOf("m", plain, [user("One"), answer("", { state: "failed" }), user("Two")]);
    assert.deepEqual(asked.messages, [{ role: "user", content: "Two" }]);
    const half = requestOf("m", plain, [user("One"), answer("Half", { state: "stopped" }), user("Two")]);
    assert.equal(half.messages.length, 3);
});

test("Settings out of bounds are refused, with the bounds", () => {
    const wrong = (name, value, context = 8192) => wrongSettings({ ...plain, [name]: value }, context)[name];
    for (const fine of ["", "0", "2", "0.7", ".5", " 1 "]) assert.equal(wrong("temperature", fine), "");
    for (const bad of ["2.1", "-1", "0,7", "hot", "1e0", "NaN"]) assert.match(wrong("temperature", bad), /from 0 to 2/);
    for (const fine of ["", "1", "8192"]) assert.equal(wrong("maxTokens", fine), "");
    for (const bad of ["0", "8193", "1.5", "-1", "many"]) assert.match(wrong("maxTokens", bad), /from 1 to 8,192/);
    assert.match(wrong("maxTokens", "1000001", null), /from 1 to 1,000,000/);
    assert.match(wrong("system", "x".repeat(100_001)), /100,000/);
    assert.equal(wrongMessage("x".repeat(100_000)), "");
    assert.match(wrongMessage("x".repeat(100_001)), /100,001/);
});

test("A chunk brings text, reasoning, usage and the end", () => {
    assert.equal(readChunk('{"choices":[{"delta":{"content":"Hel"}}]}').text, "Hel");
    assert.equal(readChunk('{"choices":[{"delta":{"reasoning_content":"Hm"}}]}').reasoning, "Hm");
    assert.equal(readChunk('{"choices":[{"delta":{},"finish_reason":"length"}]}').finish, "length");
    assert.equal(readChunk('{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":7}}').tokens, 7);
    const whole = readChunk('{"choices":[{"message":{"role":"assistant","content":"All"},"finish_reason":"stop"}],"usage":{"completion_tokens":1}}');
    assert.deepEqual([whole.text, whole.finish, whole.tokens], ["All", "stop", 1]);
});

test("An error is found in every shape that it has", () => {
    for (const [body, code, message] of [
        [{ error: { message: "Wakes.", code: "endpoint_waking" } }, "endpoint_waking", "Wakes."],
        [{ error: "No." }, null, "No."],
        [{ object: "error", message: "No chat.", code: 400 }, null, "No chat."],
        [{ code: "platform_unavailable", detail: "Away." }, "platform_unavailable", "Away."],
        [{ detail: "Not Found" }, null, "Not Found"],
    ]) assert.deepEqual(readChunk(JSON.stringify(body)).error, { code, message });
    assert.match(readChunk("<html>").error.message, /not JSON/);
    assert.equal(readChunk('{"error":null,"choices":[]}').error, null);
});

test("Trouble is said with what to do", () => {
    const waking = explain({ status: 503, code: "endpoint_waking", message: "Still waking.", retryAfter: 12 });
    assert.deepEqual([waking.again, /12 s/.test(waking.advice)], [true, true]);
    assert.equal(explain({ status: null, code: "connection", message: "" }).again, true);
    assert.equal(explain({ status: 404, code: "endpoint_deleted", message: "" }).again, false);
    assert.match(explain({ status: 402, code: "spend_cap_reached", message: "" }).advice, /Billing/);
    assert.match(explain({ status: 400, code: null, message: "Too long." }).title, /refused/);
});

test("A model that does not chat is explained", () => {
    for (const [status, message] of [
        [400, "The model does not support Chat Completions API"], [404, "Not Found"], [501, "This server does not support completions."],
        [400, "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template"], [null, "The model does not support Chat Completions API"],
    ]) assert.match(explain({ status, code: null, message }).title, /does not chat/);
    assert.doesNotMatch(explain({ status: 404, code: null, message: "The model `x` does not exist." }).title, /does not chat/);
    assert.doesNotMatch(explain({ status: 404, code: "endpoint_not_found", message: "" }).title, /does not chat/);
});

test("A wake is told with its usual time, and its own", () => {
    assert.equal(wakeWords(null, 4000), "Waking up. Usually under a minute; 4 s so far.");
    assert.equal(wakeWords(12_300, 4000), "Waking up. About 12 s; 4 s so far.");
    assert.equal(wakeWords(12_300, 15_000), "Waking up. It usually takes about 12 s; 15 s so far.");
    assert.equal(wakeOf("held=812, capacity=12, start=240, load=560"), 812);
    assert.equal(wakeOf("held=100, capacity=12, start=240, load=560"), 812);
    assert.equal(wakeOf("held=90"), 90);
    assert.equal(wakeOf(null), null);
});

test("Figures are said as people read them", () => {
    assert.deepEqual(figureWords({ firstMs: 210, tokens: 1200, perSecond: 45.31, wokeMs: 1234, finish: "length" }),
        ["first token 0.21 s", "45.3 tokens/s", "1,200 tokens", "woke in 1.2 s", "cut at the most tokens"]);
    assert.deepEqual(figureWords({}), []);
    assert.equal(speed(101, 2000), 50);
    assert.equal(speed(1, 2000), null);
    assert.equal(speed(50, 3), null);
    assert.deepEqual([seconds(80), seconds(72_000), duration(59_600), duration(180_000)], ["0.08 s", "1 min 12 s", "1 min", "3 min"]);
});

test("Code between fences is told apart, open fences included", () => {
    assert.deepEqual(segments("Look:\n```js\nlet a = 1;\n\nlet b;\n```\nDone"), [{ code: null, text: "Look:" }, { code: "js", text: "let a = 1;\n\nlet b;" }, { code: null, text: "Done" }]);
    assert.deepEqual(segments("```\nwith ``` inside\n~~~\n"), [{ code: "", text: "with ``` inside\n~~~\n" }]);
    assert.deepEqual(segments("````md\n```\nx\n```\n````"), [{ code: "md", text: "```\nx\n```" }]);
    assert.deepEqual(segments("<script>alert(1)</script>"), [{ code: null, text: "<script>alert(1)</script>" }]);
    assert.deepEqual(segments(""), []);
});

test("Text that grows letter by letter keeps what it had", () => {
    const text = "One\n\n```py\nprint('`')\n```\nTwo `x`.";
    for (let n = 1; n <= text.length; n++) assert.ok(segments(text.slice(0, n)).length <= 3);
    assert.equal(segments(text).length, 3);
});

test("Of a long conversation the newest is kept, beginning with a question", () => {
    const long = Array.from({ length: 50 }, (_, n) => n % 2 ? answer("x".repeat(10_000)) : user(`Question ${n}`));
    const rest = kept(long);
    assert.ok(rest.length > 10 && rest.length < 50 && JSON.stringify(rest).length <= 210_000);
    assert.equal(rest[0].role, "user");
    assert.equal(rest.at(-1), long.at(-1));
    assert.deepEqual(kept([user("a"), answer("b")]).length, 2);
    assert.deepEqual(kept([user("a"), answer("x".repeat(300_000))]), []);
});

test("A conversation is given back to its owner alone", () => {
    const json = JSON.stringify({ owner: "me", settings: plain, messages: [user("Hi"), answer("Hal", { state: "pending" }), { role: "tool", text: "?" }, null].filter(Boolean) });
    const mine = restored(json, "me");
    assert.deepEqual([mine.messages.length, mine.messages[1].state], [2, "stopped"]);
    assert.equal(restored(json, "you"), null);
    for (const broken of [null, "", "{}", "[", JSON.stringify({ owner: "me", settings: {}, messages: [] })]) assert.equal(restored(broken, "me"), null);
});
