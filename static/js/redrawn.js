// Parts of a page that are drawn again while it is open: the focus and what was unfolded stay, and what changed is said
// once, in the region that no part replaces. In a part, data-says marks what is worth saying: its own words, or those of
// the element.
(() => {
  "use strict";

  const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";

  const trimmed = (text) => text.replace(/\s+/g, " ").trim();
  // Without moments: "just now" becomes "1 minute ago", and nothing has happened.
  const words = (element) => {
    const copy = element.cloneNode(true);
    for (const moment of copy.querySelectorAll("time")) moment.remove();
    return trimmed(copy.textContent);
  };
  // What a part says, by what is compared of it.
  const sayings = (part) => new Map([...part.querySelectorAll("[data-says]")].map((one) => (
    one.dataset.says ? [one.dataset.says, one.dataset.says] : [words(one), trimmed(one.textContent)])));

  // What is the same control before and after: by its id, else by what it is, does and says.
  const nameOf = (one) => one.id || [
    one.localName, one.getAttribute("name"), one.getAttribute("href"), one.getAttribute("formaction"),
    one.dataset.copy, one.form?.getAttribute("action"),
    one.localName === "button" ? one.value : "", one.matches("input, select, textarea") ? "" : words(one),
  ].join("\n");
  const named = (part, selector) => {
    const found = new Map();
    for (const one of part.querySelectorAll(selector)) {
      let name = nameOf(one);
      while (found.has(name)) name += "\nagain";
      found.set(name, one);
    }
    return found;
  };
  const foldsOf = (part) => named(part, "details > summary");

  // The name of what has the focus in a part, "" where it has none; null while the focus is elsewhere.
  const focusIn = (part) => {
    const focused = document.activeElement;
    if (!part.contains(focused)) return null;
    const found = [...named(part, CONTROLS)].find(([, one]) => one === focused);
    return found ? found[0] : "";
  };

  // What had the focus may be gone, or be off: then it goes on from what is next to it, or from the part's heading, and
  // not from the top of the page.
  const focusAgain = (part, name) => {
    const same = named(part, CONTROLS).get(name);
    const wanted = part.querySelector("[autofocus]") || same;
    const nextTo = wanted?.parentElement.querySelectorAll("a[href], button:enabled") || [];
    const heading = part.querySelector("h1, h2") || part;
    for (const place of [same, ...nextTo, heading]) {
      if (place === heading && !heading.hasAttribute("tabindex")) heading.tabIndex = -1;
      place?.focus({ preventScroll: true });
      if (part.contains(document.activeElement)) return;
    }
  };

  const after = (part, was) => {
    for (const [name, one] of foldsOf(part)) {
      if (was.open.has(name)) one.parentElement.open = was.open.get(name);
    }
    if (was.focused !== null && !part.contains(document.activeElement)) focusAgain(part, was.focused);
    const news = [...sayings(part)].filter(([compared]) => !was.said.has(compared));
    if (news.length) document.getElementById("announcer").textContent = news.map(([, told]) => told).join(" ");
  };

  // The editor of modules says itself where the focus goes and which folders are folded; only what it says nothing of,
  // or what cannot be focused, is mended. What is told on top of a page is told by itself.
  const kept = new Map();
  document.addEventListener("htmx:beforeSwap", ({ detail: { target: part, shouldSwap } }) => {
    if (!shouldSwap || !part?.id || part.id === "messages") return;
    const open = new Map([...foldsOf(part)].map(([name, one]) => [name, one.parentElement.open]));
    kept.set(part.id, { focused: focusIn(part), open, said: sayings(part) });
  });
  const redrawn = ({ type, detail }) => {
    const id = detail.target?.id;
    const part = id && document.getElementById(id);
    const when = id === "editor" ? "htmx:afterSettle" : "htmx:afterSwap";
    if (!part || type !== when || !kept.has(id)) return;
    const was = kept.get(id);
    kept.delete(id);
    after(part, id === "editor" ? { ...was, open: new Map() } : was);
  };
  for (const type of ["htmx:afterSwap", "htmx:afterSettle"]) document.addEventListener(type, redrawn);
})();
