// Small improvements; every page works without this file.
(() => {
  "use strict";

  const announce = (sentence) => {
    const region = document.getElementById("announcer");
    if (region) region.textContent = sentence;
  };

  // In the button's own word, where it has one; an icon turns green.
  const SAID_MS = 2000;
  const sayDone = (button) => {
    if ("done" in button.dataset) return;
    const word = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const before = word?.data;
    button.dataset.done = "";
    if (word) word.data = "Copied";
    setTimeout(() => {
      delete button.dataset.done;
      if (word) word.data = before;
    }, SAID_MS);
  };

  const copy = async (button) => {
    try {
      // A long text is not in the button too.
      const above = "copyAbove" in button.dataset && button.previousElementSibling.textContent;
      await navigator.clipboard.writeText(above || button.dataset.copy);
      sayDone(button);
      announce("Copied");
    } catch {
      announce("The browser does not allow copying. Select the value and copy it yourself.");
    }
    setTimeout(() => announce(""), SAID_MS);
  };

  // How many characters are left, once they are few; it is said when typing rests.
  const FEW_LEFT = 15;
  const REST_MS = 1000;
  let saying;
  const countLeft = (input) => {
    const left = input.maxLength - input.value.length;
    const hint = document.getElementById(`${input.id}_helptext`);
    const counter = hint?.querySelector("span") || document.createElement("span");
    const some = `${Math.abs(left)} character${Math.abs(left) === 1 ? "" : "s"}`;
    counter.textContent = left > FEW_LEFT ? "" : `${some} ${left < 0 ? "too many" : "left"}.`;
    if (!counter.isConnected) hint?.append(" ", counter);
    return counter.textContent;
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

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-counts]")) return;
    clearTimeout(saying);
    const words = countLeft(event.target);
    if (words) saying = setTimeout(() => announce(words), REST_MS);
  });

  document.addEventListener("keydown", (event) => {
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
    const hadFocus = document.activeElement === button;
    setTimeout(() => { button.disabled = true; });
    setTimeout(() => {
      button.disabled = false;
      // A button that is off has no focus; who went on meanwhile is left alone.
      if (hadFocus && document.activeElement === document.body) button.focus({ preventScroll: true });
    }, 5000);
  });
  window.addEventListener("pagehide", () => {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  });

  showTheme();
  document.querySelectorAll("[data-counts]").forEach(countLeft);
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.querySelector(".error-summary, .conflict")?.focus();
})();
