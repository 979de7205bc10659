// What every page does by itself: copy, forget what was private, and come back after the connection was lost.

addEventListener("click", async event => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const word = button.querySelector(".copy-word") ?? button;
    button.dataset.word ??= word.textContent;
    const copied = await copy(button.dataset.copy);
    word.textContent = copied ? "Copied" : "Select it, and copy by hand";
    setTimeout(() => word.textContent = button.dataset.word, 1500);
});

// Pages that came over plain HTTP from another machine have no clipboard of their own.
async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const field = Object.assign(document.createElement("textarea"), { value: text, className: "off-screen" });
        document.body.append(field);
        field.select();
        const done = document.execCommand("copy");
        field.remove();
        return done;
    }
}

// A browser that others use, too, keeps no conversation of whoever signed out.
addEventListener("submit", event => {
    if (event.target.getAttribute("action") !== "sign-out") return;
    try { for (const key of Object.keys(localStorage)) if (key.startsWith("hypervize-chat:")) localStorage.removeItem(key); } catch { /* Then it kept nothing. */ }
});

const dialog = document.getElementById("components-reconnect-modal");
dialog?.addEventListener("components-reconnect-state-changed", event => {
    const state = event.detail.state;
    dialog.dataset.state = state;
    if (state === "show" && !dialog.open) dialog.showModal();
    if (state === "hide") dialog.close();
    if (state === "rejected") location.reload(); // The page's other half is gone; its address is all that it needs.
});

document.getElementById("reconnect-again")?.addEventListener("click", async () => {
    dialog.dataset.state = "retrying";
    try {
        if (await Blazor.reconnect()) dialog.close();
        else location.reload();
    } catch {
        dialog.dataset.state = "failed";
    }
});
