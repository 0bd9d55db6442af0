// The manifest editor: what is unsaved, placeholders at the caret, errors of JSON at their line. All works without it.
(() => {
  "use strict";

  let leaving = false;
  let typed = false;
  const unsaved = () => document.getElementById("unsaved");
  const isUnsaved = () => typed || Number(unsaved()?.dataset.unsaved || 0) > 0;

  // The server counts; until its answer comes, typing alone says that something is unsaved.
  const noteTyping = () => {
    typed = true;
    const foot = unsaved();
    if (!foot || Number(foot.dataset.unsaved) > 0) return;
    const words = foot.querySelector("[data-unsaved-words]") || foot;
    words.textContent = "Unsaved changes";
    foot.querySelector("[data-unsaved-reason]")?.removeAttribute("hidden");
    const create = foot.querySelector("[data-create]");
    create?.setAttribute("aria-disabled", "true");
    create?.removeAttribute("href");
  };

  const showExample = (input) => {
    const example = document.querySelector(`[data-example-of="${CSS.escape(input.id)}"]`);
    if (!example) return;
    const filled = input.value
      .replaceAll("[{TOKEN}]", example.dataset.token)
      .replaceAll("[{TRACKING}]", example.dataset.tracking);
    example.hidden = filled === input.value;
    example.querySelector("code").textContent = filled;
  };

  const noteTokenInQuery = (input) => {
    const note = document.querySelector(`[data-token-in-query-of="${CSS.escape(input.id)}"]`);
    const [, ...query] = input.value.split("?");
    if (note) note.hidden = !query.join("?").includes("[{TOKEN}]");
  };

  const insert = (button) => {
    const input = document.getElementById(button.dataset.into);
    input.setRangeText(button.dataset.insert, input.selectionStart, input.selectionEnd, "end");
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const goToLine = (link) => {
    const text = document.getElementById("id_text");
    const lines = text.value.split("\n");
    const line = Math.min(Number(link.dataset.line), lines.length) - 1;
    const start = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
    const caret = start + Number(link.dataset.column) - 1;
    text.focus();
    text.setSelectionRange(caret, start + lines[line].length);
    text.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(text).lineHeight));
    text.scrollIntoView({ block: "center" });
  };

  const COULD_NOT_LOAD = "Could not be loaded. Try again.";

  // What a line is called in the form, and the key of its module where that stands as it was saved.
  const nameOf = (line) => line.querySelector("[name=module]").value.split("=");

  // Said beside what was pressed; the page stays, with all that was typed.
  const say = (place, sentence) => {
    const said = place.querySelector(":scope > .said") || document.createElement("p");
    said.className = "said";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    place.append(said);
  };
  const placeOf = (element) => element?.closest?.(".line") || document.querySelector("#manifest .foot");

  // The sign-in ended while somebody types: no dialog takes the focus from them, and a button opens it.
  const saySignedOut = (place) => {
    say(place, "Your sign-in ended. Nothing you typed is lost. ");
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "link", textContent: "Sign in" });
    button.addEventListener("click", async () => {
      if (!(await window.signInAgain())) return;
      button.parentElement.remove();
      htmx.trigger("#manifest", "input");
    });
    place.querySelector(":scope > .said").append(button);
  };
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status === 401 && elt.id === "unsaved") saySignedOut(placeOf(elt));
  });
  window.addEventListener("another-signed-in", () => { leaving = true; });
  for (const failed of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(failed, (event) => {
      const place = placeOf(event.detail.elt);
      // The count of what is unsaved is asked for by itself, and again with the next key.
      if (place && event.detail.elt.id !== "unsaved") say(place, "That could not be done. Try again.");
    });
  }

  // The fields of a module that stands as it was saved come in place of its line; nothing else is drawn anew.
  const openLine = async (line, opener) => {
    const [handle, key] = nameOf(line);
    const form = line.closest("form");
    const [up, down] = line.querySelectorAll(".module-buttons > button");
    const asked = new URLSearchParams({ handle });
    if (up?.disabled) asked.set("first", "1");
    if (down?.disabled) asked.set("last", "1");
    if (form.elements.checked) asked.set("checked", "1");
    const url = form.dataset.moduleUrl.replace("KEY", key);
    opener.setAttribute("aria-busy", "true");
    line.querySelector(":scope > .said")?.remove();
    try {
      const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
      const answer = await fetch(`${url}?${asked}`, { headers });
      const opened = document.createElement("template");
      opened.innerHTML = answer.ok ? await answer.text() : "";
      const row = opened.content.querySelector(".module");
      if (answer.status === 401) {
        if (await window.signInAgain()) openLine(line, opener);
      } else if (answer.status === 404) say(line, "This module was deleted meanwhile.");
      else if (!row) say(line, COULD_NOT_LOAD);
      else {
        line.replaceWith(row);
        htmx.process(row);
        row.querySelector("summary").focus();
      }
    } catch {
      say(line, COULD_NOT_LOAD);
    } finally {
      opener.removeAttribute("aria-busy");
    }
  };

  // The other buttons of a line, and those that turn to other parameters, change the draft, which is drawn anew.
  const pressOnLine = (button) => {
    htmx.ajax("POST", button.form.action, { source: button, target: "#editor", swap: "outerHTML" });
  };

  const onLine = (event, pressed) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (pressed.ariaBusy) return;
    const line = pressed.closest(".line");
    const opens = line && pressed.parentElement === line;
    if (opens && nameOf(line)[1]) openLine(line, pressed);
    else pressOnLine(pressed);
  };

  // What a module is found by: what its line says, its own name, its folder, and what was typed into its fields.
  const wordsOf = (row) => {
    const shown = (row.querySelector("summary, a, button, p") || row).textContent;
    const heading = row.parentElement.previousElementSibling;
    const folder = heading?.matches(".folder") ? heading.textContent : "";
    const fields = [...row.querySelectorAll(".module-fields :is(input, select)")];
    const typedIn = fields.map((field) => field.selectedOptions ? field.selectedOptions[0]?.textContent : field.value);
    return [shown, row.dataset.sought, folder, ...typedIn].join(" ").toLocaleLowerCase();
  };

  // Shows the modules that have all the words; the others stay in the form.
  let sought = "";
  const seek = (text) => {
    sought = text;
    const words = text.toLocaleLowerCase().split(/\s+/);
    let found = 0;
    for (const list of document.querySelectorAll(".modules-list")) {
      for (const row of list.children) {
        const said = wordsOf(row);
        row.hidden = !words.every((word) => said.includes(word));
        found += row.hidden ? 0 : 1;
      }
      list.hidden = [...list.children].every((row) => row.hidden);
      if (list.previousElementSibling?.matches(".folder")) list.previousElementSibling.hidden = list.hidden;
    }
    const announcer = document.getElementById("announcer");
    const none = document.getElementById("found-none");
    if (none) {
      none.hidden = found > 0 || !text.trim();
      none.querySelector("span").textContent = text.trim();
    }
    const told = found ? `${found} found` : `No module has “${text.trim()}”.`;
    if (announcer) announcer.textContent = text.trim() ? told : "";
  };
  const showAll = () => {
    const field = document.getElementById("find-module");
    field.value = "";
    seek("");
    field.focus();
  };
  const seekAgain = () => {
    const field = document.getElementById("find-module");
    if (!field || !sought) return;
    seek(sought);
    // What was just added may not be what was looked for.
    if (document.querySelector("#editor [hidden] [autofocus]")) seek("");
    field.value = sought;
  };
  // Before anybody else hears of it: what is looked for changes nothing of the manifest, and Enter saves nothing.
  document.addEventListener("input", (event) => {
    if (event.target.id !== "find-module") return;
    event.stopPropagation();
    seek(event.target.value);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "find-module" && event.key === "Enter") event.preventDefault();
  }, true);

  // A field in a folded module cannot be scrolled to.
  const openAround = (id) => {
    const field = id && document.getElementById(id);
    if (field?.closest("[hidden]")) { seek(""); document.getElementById("find-module").value = ""; }
    if (field?.parentElement.matches(".line")) { field.click(); return; }
    const row = field?.closest("details");
    if (row) row.open = true;
    field?.focus();
  };

  document.addEventListener("input", (event) => {
    if (!event.target.closest("#manifest") || event.target.name?.startsWith("add-to-")) return;
    noteTyping();
    showExample(event.target);
    // What was said of the value before may no longer be true; the next answer says it again.
    const said = event.target.closest(".parameter")?.querySelectorAll(".warning:not([data-token-in-query-of])");
    for (const warning of said || []) warning.remove();
    noteTokenInQuery(event.target);
  });
  document.addEventListener("toggle", (event) => {
    const state = event.target.parentElement?.querySelector(":scope > [data-unfolded]");
    if (state) state.value = event.target.open ? "1" : "";
  }, true);
  document.addEventListener("click", (event) => {
    const found = (selector) => event.target.closest(selector);
    if (found("[data-show-all]")) showAll();
    else if (found("[data-insert]")) insert(found("[data-insert]"));
    else if (found("[data-line]")) { event.preventDefault(); goToLine(found("[data-line]")); }
    else if (found(".error-summary a")) { event.preventDefault(); openAround(found("a").hash.slice(1)); }
    else if (found(".line > a, [name=line]")) onLine(event, found(".line > a, [name=line]"));
    else if (found("[data-leaves]")) leaving = true;
  });
  document.addEventListener("submit", (event) => { leaving = event.submitter?.formTarget !== "_blank"; });
  // A refusal is told above the editor, which stays as unsaved as it is.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "messages") return;
    typed = false;
    if (event.detail.target?.id === "editor") seekAgain();
  });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isUnsaved()) event.preventDefault();
    leaving = false;
  });
})();
