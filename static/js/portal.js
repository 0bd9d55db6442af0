// Small improvements; every page works without this file.
(() => {
  "use strict";

  const announce = (sentence) => {
    const region = document.getElementById("announcer");
    if (region) region.textContent = sentence;
  };

  const copy = async (button) => {
    try {
      // A long text is not in the button too.
      const above = "copyAbove" in button.dataset && button.previousElementSibling.textContent;
      await navigator.clipboard.writeText(above || button.dataset.copy);
      button.dataset.done = "";
      announce("Copied");
    } catch {
      announce("Copying is not allowed here. Select the value and copy it yourself.");
    }
    setTimeout(() => { delete button.dataset.done; announce(""); }, 2000);
  };

  // The cookie lets the server write the theme into the page, so that nothing flashes while it loads.
  const chooseTheme = (theme) => {
    const age = theme ? 365 * 24 * 3600 : 0;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    showTheme();
  };

  const showTheme = () => {
    const theme = document.documentElement.dataset.theme || "";
    for (const button of document.querySelectorAll("[data-choose-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.chooseTheme === theme));
    }
  };

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(except)) menu.open = false;
    }
  };

  const openDialog = (event, link) => {
    const dialog = document.getElementById(link.dataset.opens);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    closeMenus(event.target);
    const found = (selector) => event.target.closest(selector);
    if (found("[data-copy], [data-copy-above]")) copy(found("[data-copy], [data-copy-above]"));
    else if (found("[data-choose-theme]")) chooseTheme(found("[data-choose-theme]").dataset.chooseTheme);
    else if (found("[data-opens]")) openDialog(event, found("[data-opens]"));
    else if (found("[data-closes]") && found("dialog")) { event.preventDefault(); found("dialog").close(); }
  });

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("portal-search");
    if (event.key === "/" && search && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape") {
      const menu = event.target.closest("details.menu[open]");
      closeMenus(null);
      menu?.querySelector("summary").focus();
    }
    if (event.key === " " && event.target.matches("a[role=button]")) {
      event.preventDefault();
      event.target.click();
    }
  });

  // A second press while the first is under way would send the form twice. The button is switched off only after the
  // browser has read the form, else its own name and value would be missing; a download leaves the page, so it comes back.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || event.target.method === "dialog") return;
    setTimeout(() => { button.disabled = true; });
    setTimeout(() => { button.disabled = false; }, 5000);
  });
  window.addEventListener("pagehide", () => {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  });

  showTheme();
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.querySelector(".error-summary, .conflict")?.focus();
})();
