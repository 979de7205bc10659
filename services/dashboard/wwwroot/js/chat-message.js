import { figureWords, segments } from "./chat.js";
import { explain } from "./chat-trouble.js";

// A message as a page shows it. Whatever a model says is text, never markup.
export class MessageView {
    #said;
    #reasoning;
    #waiting;
    #trouble;
    #foot;
    #figures;

    constructor(message) {
        this.element = made("article", `message ${message.role}`);
        this.element.append(made("p", "speaker", message.role === "user" ? "You" : "Answer"));
        if (message.role === "assistant") {
            const details = made("details", "reasoning");
            details.append(made("summary", "", "Reasoning"), this.#reasoning = made("div", "text"));
            this.#waiting = made("div", "waiting");
            this.#waiting.append(made("progress", ""), made("span", ""));
            this.#waiting.firstChild.setAttribute("aria-label", "Waiting for the answer");
            this.element.append(details, this.#waiting);
        }
        this.element.append(this.#said = made("div", "said"));
        if (message.role === "assistant") {
            this.#foot = made("div", "foot");
            this.#foot.append(this.#figures = made("small", "figures"), copyButton("", "answer"), button("again", "Try again"));
            this.element.append(this.#trouble = made("div", "trouble"), this.#foot);
        }
        this.show(message, null);
    }

    // Shows it as it is now; while nothing of the answer came, with what is waited for: { words, share: 0 to 1, or null for nobody knows }.
    show(message, waiting, isLast = false) {
        this.#text(message.text, message.state !== "pending");
        if (message.role === "user") return;
        this.#reasoning.parentElement.hidden = !message.reasoning;
        grow(this.#reasoning, message.reasoning);
        this.#waiting.hidden = !waiting;
        if (waiting) this.#wait(waiting);
        const isOver = message.state !== "pending";
        const trouble = message.failure ? explain(message.failure) : null;
        this.#trouble.replaceChildren(...trouble ? [made("strong", "", trouble.title), made("p", "", trouble.message), made("p", "", trouble.advice)].filter(e => e.textContent) : []);
        this.#trouble.hidden = !trouble;
        const figures = [...message.state === "stopped" ? ["stopped"] : [], ...figureWords(message.figures)].join(" · ");
        if (this.#figures.textContent !== figures) this.#figures.textContent = figures;
        const [copy, again] = this.#foot.querySelectorAll("button");
        copy.hidden = !isOver || !message.text;
        if (isOver) copy.dataset.copy = message.text;
        again.hidden = !isOver || !isLast || message.state === "done" || trouble?.again === false;
        this.#foot.hidden = !isOver || (!figures && copy.hidden && again.hidden);
    }

    #wait({ words, share }) {
        const [bar, text] = this.#waiting.children;
        if (text.textContent !== words) text.textContent = words;
        if (share === null) bar.removeAttribute("value");
        else bar.value = share;
    }

    // What was there stays: only what is new is drawn.
    #text(text, isOver) {
        const parts = segments(text);
        parts.forEach((part, i) => {
            let shown = this.#said.children[i];
            if (shown && (shown.tagName === "PRE") !== (part.code !== null)) {
                while (this.#said.children.length > i) this.#said.lastChild.remove();
                shown = null;
            }
            if (!shown) this.#said.append(shown = part.code === null ? made("div", "text") : code(part.code));
            grow(part.code === null ? shown : shown.querySelector("code"), part.text);
            const copy = shown.querySelector?.("button");
            if (copy && isOver) copy.dataset.copy = part.text;
            if (copy) copy.hidden = !isOver;
        });
        while (this.#said.children.length > parts.length) this.#said.lastChild.remove();
    }
}

function code(language) {
    const pre = made("pre", "");
    pre.tabIndex = 0; // It may be wider than the page, and is scrolled by keys then.
    pre.setAttribute("role", "region");
    pre.setAttribute("aria-label", language ? `Code, ${language}` : "Code");
    pre.append(copyButton("", "code"), made("code", ""));
    return pre;
}

function grow(element, text) {
    if (!(element.firstChild instanceof Text)) element.replaceChildren(document.createTextNode(""));
    const node = element.firstChild;
    if (node.data === text) return;
    if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
    else node.data = text;
}

function copyButton(text, what) {
    const copy = button("", "");
    copy.classList.add("copy");
    copy.dataset.copy = text;
    copy.setAttribute("aria-label", `Copy ${what}`);
    copy.append(made("span", "copy-word", "Copy"));
    return copy;
}

function button(act, word) {
    const it = made("button", act ? "button" : "button quiet", word);
    it.type = "button";
    if (act) it.dataset.act = act;
    return it;
}

function made(tag, kind, text) {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text) element.textContent = text;
    return element;
}
