// Keys that lead somewhere: g and a letter, "/", "?" and Ctrl-K. Which letters there are is what the page's own links say
// (data-key), so that a key leads only where its reader may go.
(() => {
  "use strict";

  const paletteScript = document.currentScript.dataset.palette;
  const LETTER_WITHIN_MS = 1500;
  const CHOICE = "single-key-shortcuts";
  const search = document.getElementById("portal-search");
  const list = document.getElementById("keys");
  if (!search || !list) return;

  // The rail is in the page twice, for a desk and for a phone.
  const places = new Map();
  for (const link of document.querySelectorAll("[data-key]")) {
    if (!places.has(link.dataset.key)) places.set(link.dataset.key, link);
  }

  // A browser may keep nothing: then they are on, and can be turned off for this page.
  let on = true;
  try { on = localStorage.getItem(CHOICE) !== "off"; } catch { /* on */ }
  const checkbox = list.querySelector("[data-single-keys]");
  const show = () => {
    checkbox.checked = on;
    for (const hint of document.querySelectorAll("[data-single-key]")) hint.hidden = !on;
  };
  checkbox.addEventListener("change", () => {
    on = checkbox.checked;
    try { localStorage.setItem(CHOICE, on ? "on" : "off"); } catch { /* this page only */ }
    show();
  });

  const key = (name) => Object.assign(document.createElement("kbd"), { textContent: name });
  const line = (link) => {
    const row = document.createElement("div");
    const name = Object.assign(document.createElement("dt"), { textContent: link.textContent.trim() });
    const keys = document.createElement("dd");
    keys.append(key("g"), " ", key(link.dataset.key));
    row.append(name, keys);
    return row;
  };
  list.querySelector("[data-places]").append(...[...places.values()].map(line));
  if (/Mac|iPhone|iPad/.test(navigator.platform)) list.querySelector("[data-command]").textContent = "⌘";

  // The field of a dialog that has just been closed keeps the focus for a moment.
  const isTyping = (target) => (
    target.closest?.("input, textarea, select, [contenteditable]") && !target.closest("dialog:not([open])"));
  let letterUntil = 0;

  const pressed = (event) => {
    const letter = event.shiftKey ? "" : event.key.toLowerCase();
    const isSecond = event.timeStamp < letterUntil;
    letterUntil = 0;
    if (isSecond && places.has(letter)) places.get(letter).click();
    else if (event.key === "/") search.focus();
    else if (event.key === "?") list.showModal();
    else if (letter === "g") letterUntil = event.timeStamp + LETTER_WITHIN_MS;
    else return false;
    return true;
  };

  // What fills it is fetched when it is first opened; what is typed meanwhile stands in its field.
  let fetched = false;
  const openPalette = () => {
    if (window.fillPalette) window.fillPalette("");
    document.getElementById("palette").showModal();
    if (fetched) return;
    fetched = true;
    document.head.append(Object.assign(document.createElement("script"), { src: paletteScript }));
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat || isTyping(event.target)) return;
    if (event.altKey || document.querySelector("dialog[open]")) return;
    const commanded = event.ctrlKey || event.metaKey;
    if (commanded && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    } else if (!commanded && on && !["Shift", "CapsLock"].includes(event.key) && pressed(event)) event.preventDefault();
  });

  show();
})();
