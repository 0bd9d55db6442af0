// Ctrl-K: one field over what the page links to (rail, tabs, actions, accounts), and over what the search of the top bar
// finds. What its reader may not open is on no page and in no answer, so it is not here either.
(() => {
  "use strict";

  const PAUSE_MS = 200;
  const FEWEST_LETTERS = 2;
  const dialog = document.getElementById("palette");
  const search = document.getElementById("portal-search");
  if (!dialog || !search) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const said = dialog.querySelector("[role=status]");

  const FROM = [
    [".rail > div > ul a[href]", "Page"],
    ["main .tabs a[href], main a[role=button][href], main .actions-menu a[href]", "On this page"],
    [".rail .menu a[href], .person a[href]", "Page"],
  ];
  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const wordsOf = (link) => (link.getAttribute("aria-label") || link.textContent).replace(/\s+/g, " ").trim();

  let places = [];
  const gather = () => {
    const seen = new Set();
    places = [];
    for (const [selector, kind] of FROM) {
      for (const link of document.querySelectorAll(selector)) {
        // A button of each row says nothing without its row.
        const what = `${link.href} ${wordsOf(link)}`;
        if (link.closest("table, dialog") || seen.has(what)) continue;
        seen.add(what);
        const shown = link.dataset.kind || kind;
        places.push({ link, name: wordsOf(link), kind: shown, sought: folded(`${wordsOf(link)} ${shown}`) });
      }
    }
  };

  const option = (name, kind, icon, go) => {
    const row = document.createElement("li");
    row.setAttribute("role", "option");
    const title = Object.assign(document.createElement("span"), { textContent: name });
    const small = Object.assign(document.createElement("small"), { textContent: kind });
    title.dir = "auto";
    row.append(...(icon ? [icon.cloneNode(true)] : []), title, small);
    row.addEventListener("click", () => { dialog.close(); go(); });
    return row;
  };

  const matching = (text) => {
    const words = folded(text).split(/\s+/);
    const found = places.filter(({ sought }) => words.every((word) => sought.includes(word)));
    const begins = ({ sought }) => Number(sought.startsWith(words[0]));
    return text ? found.sort((one, other) => begins(other) - begins(one)) : found;
  };

  const everything = (text) => option(`Search everything for “${text}”`, "", search.form.querySelector(".icon"), () => {
    search.value = text;
    search.form.requestSubmit();
  });

  // Until somebody moves it, the first one is what Enter opens.
  let moved = false;
  const options = () => [...list.querySelectorAll("[role=option]")];
  const activate = (row) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === row));
    if (row) field.setAttribute("aria-activedescendant", row.id);
    else field.removeAttribute("aria-activedescendant");
    row?.scrollIntoView({ block: "nearest" });
  };
  const active = () => list.querySelector("[aria-selected=true]");
  const number = () => {
    options().forEach((row, place) => { row.id = `palette-${place}`; });
    field.setAttribute("aria-expanded", String(options().length > 0));
    activate((moved && active()) || options()[0]);
  };

  const drawPlaces = (text) => {
    const rows = matching(text).map(({ link, name, kind }) => (
      option(name, kind, link.querySelector(".icon"), () => link.click())));
    list.replaceChildren(...rows, ...(text ? [everything(text)] : []));
    number();
    return rows.length;
  };

  // What the server found comes between the page's own places and the search of everything.
  const drawFound = (html, text) => {
    const answer = document.createElement("template");
    answer.innerHTML = html;
    const known = new Set(matching(text).map(({ link }) => link.href));
    const found = [...answer.content.querySelectorAll("[role=option]")];
    const fresh = found.filter((row) => !known.has(new URL(row.dataset.href, location).href));
    for (const row of fresh) {
      row.addEventListener("click", () => { dialog.close(); location.assign(row.dataset.href); });
    }
    options().at(-1).before(...fresh);
    number();
    return options().length - 1;
  };

  const tell = (count, text) => {
    if (count) said.textContent = `${count} ${count === 1 ? "result" : "results"}`;
    else said.textContent = `Nothing found for “${text}”. Check the spelling, or paste a whole ID.`;
  };

  let asking = null;
  let pause;
  const ask = async (text) => {
    asking = new AbortController();
    const { signal } = asking;
    const token = search.form.elements.csrfmiddlewaretoken.value;
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, q: text });
    try {
      const answer = await fetch(search.form.action, { method: "POST", headers: { "HX-Request": "true" }, body, signal });
      if (answer.ok || answer.status === 422) tell(drawFound(await answer.text(), text), text);
      else if (answer.status === 401) said.textContent = "You were signed out. Reload the page and sign in again.";
      else said.textContent = "The search did not work. Try again in a minute.";
    } catch {
      if (!signal.aborted) said.textContent = "The portal did not answer. Check your connection, then try again.";
    }
  };
  const stop = () => {
    clearTimeout(pause);
    asking?.abort();
  };

  field.addEventListener("input", () => {
    stop();
    moved = false;
    const text = field.value.trim();
    const count = drawPlaces(text);
    said.textContent = "";
    if (text.length >= FEWEST_LETTERS) pause = setTimeout(() => ask(text), PAUSE_MS);
    else if (text) tell(count, text);
  });

  const move = (to) => {
    const rows = options();
    moved = true;
    activate(rows[(to + rows.length) % rows.length]);
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const at = options().indexOf(active());
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Enter") active()?.click();
    else if (to !== undefined && options().length) move(to);
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  // The event comes a moment later, when it may be open again.
  dialog.addEventListener("close", () => { if (!dialog.open) stop(); });

  window.fillPalette = (text) => {
    gather();
    field.value = text;
    field.dispatchEvent(new Event("input"));
    list.scrollTop = 0;
  };
  // Fetched when it was opened: somebody may have typed already.
  window.fillPalette(field.value);
})();
