// The reader's choice of light or dark, set before the first paint; without a choice the system decides.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("theme") || "system"; } catch { return "system"; } };
  const apply = (theme) => { if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme; };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => {
    const menu = document.querySelector("[data-theme-menu]");
    if (!menu) return;
    const mark = (theme) => {
      for (const button of menu.querySelectorAll("[data-set-theme]")) button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme));
    };
    menu.hidden = false;
    mark(read());
    menu.addEventListener("click", (event) => {
      const button = event.target.closest("[data-set-theme]");
      if (!button) return;
      const theme = button.dataset.setTheme;
      try { localStorage.setItem("theme", theme); } catch { /* private mode: the choice holds for this page */ }
      apply(theme);
      mark(theme);
    });
  });
})();
