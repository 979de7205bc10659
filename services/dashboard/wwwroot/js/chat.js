// What the playground sends, hears and says, without a page around it.

const longestText = 100_000;
const mostKept = 200_000;
const mostTokens = 1_000_000;

// The body of a chat completion. An answer that never came is left out with its question: many models refuse two questions in a row.
export function requestOf(model, settings, messages) {
    const said = [];
    for (const it of messages) {
        if (it.role === "user") {
            if (said.at(-1)?.role === "user") said.pop();
            said.push({ role: "user", content: it.text });
        } else if (it.text) {
            said.push({ role: "assistant", content: it.text });
        }
    }
    if (settings.system.trim()) said.unshift({ role: "system", content: settings.system });
    const body = { model, messages: said, stream: true, stream_options: { include_usage: true } };
    if (settings.temperature.trim()) body.temperature = Number(settings.temperature);
    if (settings.maxTokens.trim()) body.max_tokens = Number(settings.maxTokens);
    return body;
}

// What is wrong with settings, by name; "" for what is not.
export function wrongSettings(settings, context) {
    const most = context ?? mostTokens;
    const [temperature, tokens] = [settings.temperature.trim(), settings.maxTokens.trim()];
    return {
        system: settings.system.length > longestText ? `Must not be longer than ${grouped(longestText)} characters.` : "",
        temperature: temperature && !(isNumber(temperature) && Number(temperature) >= 0 && Number(temperature) <= 2) ? "Must be a number from 0 to 2, such as 0.7." : "",
        maxTokens: tokens && !(/^\d+$/.test(tokens) && Number(tokens) >= 1 && Number(tokens) <= most) ? `Must be a whole number from 1 to ${grouped(most)}.` : "",
    };
}

// What is wrong with a message; "" for nothing.
export function wrongMessage(text) {
    return text.length > longestText ? `Must not be longer than ${grouped(longestText)} characters; it has ${grouped(text.length)}.` : "";
}

// What a chunk of a stream brings; a whole answer is one that brings all at once.
export function readChunk(data) {
    let chunk;
    try {
        chunk = JSON.parse(data);
    } catch {
        return nothing({ code: null, message: "The answer could not be read: it is not JSON." });
    }
    const error = errorOf(chunk);
    if (error) return nothing(error);
    const choice = chunk?.choices?.[0];
    const said = choice?.delta ?? choice?.message ?? {};
    return {
        text: textOf(said.content) || textOf(said.refusal), reasoning: textOf(said.reasoning_content) || textOf(said.reasoning), tokens: chunk?.usage?.completion_tokens ?? null,
        finish: choice?.finish_reason ?? null, error: null,
    };
}

// The error in a body of OpenAI's shape, of a problem, or of what runtimes say beside these; null when there is none.
export function errorOf(body) {
    const error = body?.error ?? (body?.object === "error" || (body?.detail && !body.choices) ? body : null);
    if (!error) return null;
    if (typeof error === "string") return { code: null, message: error };
    const message = error.message ?? error.detail;
    return { code: typeof error.code === "string" ? error.code : null, message: typeof message === "string" ? message : JSON.stringify(message ?? error) };
}

// How long a wake took, in milliseconds, as "held=812, capacity=12, start=240, load=560" says it; null when it says nothing.
export function wakeOf(receipt) {
    const parts = Object.fromEntries([...(receipt ?? "").matchAll(/(\w+)=(\d+)/g)].map(m => [m[1], Number(m[2])]));
    if ("load" in parts) return (parts.capacity ?? 0) + (parts.start ?? 0) + parts.load;
    return parts.held ?? null;
}

// What is said while an endpoint wakes. The usual time is that of its earlier wakes; null when there were none.
export function wakeWords(usualMs, passedMs) {
    const passed = `${duration(passedMs)} so far.`;
    if (usualMs === null) return `Waking up. Usually under a minute; ${passed}`;
    if (passedMs <= usualMs) return `Waking up. About ${duration(Math.max(1000, usualMs))}; ${passed}`;
    return `Waking up. It usually takes about ${duration(Math.max(1000, usualMs))}; ${passed}`;
}

// What is said under an answer.
export function figureWords(figures) {
    const words = [];
    if (figures.firstMs != null) words.push(`first token ${seconds(figures.firstMs)}`);
    if (figures.perSecond != null) words.push(`${figures.perSecond.toFixed(1)} tokens/s`);
    if (figures.tokens != null) words.push(`${grouped(figures.tokens)} token${figures.tokens === 1 ? "" : "s"}`);
    if (figures.wokeMs != null) words.push(`woke in ${seconds(figures.wokeMs)}`);
    if (figures.finish === "length") words.push("cut at the most tokens");
    return words;
}

// Tokens per second from the first one on; null when that can't be told.
export function speed(tokens, spanMs) {
    return tokens > 1 && spanMs >= 20 ? (tokens - 1) / (spanMs / 1000) : null;
}

// Text, and code between fences: [{ code: null | language, text }]. A fence that is open yet counts.
export function segments(text) {
    const found = [];
    let [lines, fence, language] = [[], null, null];
    const take = () => {
        const part = lines.join("\n");
        const shown = fence ? part : part.replace(/^\n+|\n+$/g, "");
        if (fence || shown.trim()) found.push({ code: fence ? language : null, text: shown });
        lines = [];
    };
    for (const line of text.split("\n")) {
        const mark = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/.exec(line);
        if (!fence && mark) {
            take();
            [fence, language] = [mark[1], mark[2]];
        } else if (fence && mark && !mark[2] && mark[1][0] === fence[0] && mark[1].length >= fence.length) {
            take();
            fence = null;
        } else {
            lines.push(line);
        }
    }
    take();
    return found;
}

// What a browser keeps of a conversation: the newest of it, beginning with a question.
export function kept(messages) {
    let [from, size] = [messages.length, 0];
    while (from > 0 && (size += JSON.stringify(messages[from - 1]).length) <= mostKept) from--;
    while (from < messages.length && messages[from].role !== "user") from++;
    return messages.slice(from);
}

// A conversation as it was kept; null when there is none, it is somebody else's, or it makes no sense.
export function restored(json, owner) {
    try {
        const { owner: whose, settings, messages } = JSON.parse(json);
        const isText = value => typeof value === "string";
        if (whose !== owner || ![settings.system, settings.temperature, settings.maxTokens].every(isText)) return null;
        return {
            settings,
            // What was under way when the page went is over.
            messages: messages.filter(m => (m.role === "user" || m.role === "assistant") && isText(m.text))
                .map(m => ({ ...m, reasoning: isText(m.reasoning) ? m.reasoning : "", figures: m.figures ?? {}, state: m.state === "pending" ? "stopped" : m.state })),
        };
    } catch {
        return null;
    }
}

export function seconds(ms) {
    return ms < 995 ? `${(ms / 1000).toFixed(2)} s` : ms < 59_950 ? `${(ms / 1000).toFixed(1)} s` : duration(ms);
}

export function duration(ms) {
    const whole = Math.round(ms / 1000);
    return whole < 60 ? `${whole} s` : whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function grouped(number) {
    return number.toLocaleString("en-US");
}

function isNumber(text) {
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text);
}

function textOf(value) {
    return typeof value === "string" ? value : "";
}

function nothing(error) {
    return { text: "", reasoning: "", tokens: null, finish: null, error };
}
