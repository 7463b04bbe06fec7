// Light or dark: the person's own choice, else the system's; set before anything is painted.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return localStorage.getItem("duban.theme"); } catch { return null; }
  };
  const apply = () => {
    root.dataset.theme = chosen() || (system.matches ? "dark" : "light");
    const button = document.getElementById("theme");
    if (button) {
      const label = root.dataset.theme === "dark" ? "切换浅色外观" : "切换深色外观";
      button.setAttribute("aria-label", label);
      button.title = label;
    }
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      const next = root.dataset.theme === "dark" ? "light" : "dark";
      try {
        // choosing what the system has goes back to following it
        if ((next === "dark") === system.matches) localStorage.removeItem("duban.theme");
        else localStorage.setItem("duban.theme", next);
      } catch { /* private mode: it lasts for this page */ }
      apply();
      root.dataset.theme = next;
    });
  });
})();
