// Why an answer failed, in words for whoever asked.

const words = {
    endpoint_waking: ["It is still waking up.", "Waking takes longer than a request is held. Nothing is lost."],
    proxy_full: ["Large requests of others take all the room.", "There is room again when some of them are served."],
    endpoint_queue_full: ["Many requests wait for it already.", "There is room again when some of them are served."],
    endpoint_building: ["It is being built.", "It can be called as soon as it is online."],
    endpoint_failed: ["It failed.", "Mend the cause and enable it; then try again."],
    endpoint_disabled: ["It is switched off.", "Enable it; then try again."],
    endpoint_not_found: ["It is not there any more.", "It may have been deleted."],
    endpoint_deleted: ["It was deleted.", ""],
    spend_cap_reached: ["The monthly spend cap is reached.", "Raise or remove it under Billing; then try again."],
    rate_limit_exceeded: ["It was called too often.", ""],
    concurrency_limit_exceeded: ["Too many requests are under way.", ""],
    scope_missing: ["Your key may not call endpoints.", "Sign in with a key of scope global, or one that has scope inference beside manage."],
    body_too_large: ["The conversation is too long.", "Begin a new one."],
    node_failed: ["The node failed.", ""],
    upstream_broken: ["The answer broke off.", ""],
    proxy_leaving: ["The platform was restarted meanwhile.", ""],
    keys_stale: ["The platform does not answer just now.", ""],
    platform_unavailable: ["The platform does not answer just now.", ""],
    internal_error: ["The platform failed.", ""],
    connection: ["The connection broke.", "What came before it is kept."],
    incomplete: ["The answer broke off.", "Its stream ended before it was whole."],
};
const final = ["endpoint_not_found", "endpoint_deleted"];
const noChat = /chat template|chat_template|does not support (chat|completion)|not support.{0,40}\bchat\b|chat completions api|\b(embeddings?|pooling|reward|rerank\w*) (model|task)/i;

// { title, message, advice, again: whether trying again may help } of a failure { status, code, message, retryAfter }.
export function explain({ status, code, message, retryAfter }) {
    if (!(code in words) && isNoChat(status, message)) {
        return {
            title: "This model does not chat.", message, again: false,
            advice: "It may be one for embeddings, or have no chat template. Call what it has, such as embeddings or completions, by its URL.",
        };
    }
    const [title, advice] = words[code] ?? (status >= 400 && status < 500
        ? ["The model refused this request.", "Change the message or the settings, or begin a new conversation."]
        : ["The answer failed.", ""]);
    const wait = retryAfter > 0 ? `Try again in about ${retryAfter} s.` : "";
    return { title, message: message ?? "", advice: [advice, wait].filter(Boolean).join(" "), again: !final.includes(code) };
}

function isNoChat(status, message) {
    if (/does not exist/i.test(message ?? "")) return false;
    return status === 404 || status === 405 || status === 501 || noChat.test(message ?? "");
}
