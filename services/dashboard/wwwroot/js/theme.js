// Before anything is drawn, so that nothing flashes: the theme that was chosen, else the system's.
(() => {
    const chosen = () => { try { return localStorage.getItem("hypervize-theme"); } catch { return null; } };
    const system = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => document.documentElement.dataset.theme = chosen() ?? (system.matches ? "dark" : "light");
    system.addEventListener("change", apply);
    addEventListener("storage", apply);
    addEventListener("click", event => {
        if (!event.target.closest?.("[data-theme-toggle]")) return;
        try { localStorage.setItem("hypervize-theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark"); } catch { /* It holds for this page then. */ }
        apply();
    });
    apply();
})();
