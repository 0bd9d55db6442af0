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
    say(place, "You were signed out. Nothing you typed is lost. ");
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "link", textContent: "Sign in" });
    button.addEventListener("click", async () => {
      if (!(await window.signInAgain())) return;
      button.parentElement.remove();
      document.getElementById("save")?.focus({ preventScroll: true });
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
      } else if (answer.status === 404) say(line, "Somebody removed this module in the meantime.");
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

  const folderName = (folder) => folder?.querySelector("h2").textContent || "";

  // What a module is found by: what its line says, its own name, its folder, and what was typed into its fields.
  const wordsOf = (row) => {
    const shown = (row.querySelector("summary, a, button, p") || row).textContent;
    const folder = folderName(row.closest(".folder"));
    const fields = [...row.querySelectorAll(".module-fields :is(input, select)")];
    const typedIn = fields.map((field) => field.selectedOptions ? field.selectedOptions[0]?.textContent : field.value);
    return [shown, row.dataset.sought, folder, ...typedIn].join(" ").toLocaleLowerCase();
  };

  // Folders that were folded stay so when the editor is drawn again. While a module is looked for, all are open.
  const foldedOnes = new Set();
  const allFolders = () => [...document.querySelectorAll(".folder")];
  const nameFoldAll = () => {
    const button = document.querySelector("[data-fold-all]");
    if (button) button.textContent = foldedOnes.size ? "Unfold all" : "Fold all";
  };
  const foldAgain = () => {
    for (const folder of allFolders()) {
      folder.open = sought.trim() !== "" || !foldedOnes.has(folderName(folder));
    }
    nameFoldAll();
  };
  const foldAll = () => {
    const folders = foldedOnes.size ? [] : allFolders();
    foldedOnes.clear();
    for (const folder of folders) foldedOnes.add(folderName(folder));
    foldAgain();
  };
  const noteFolding = (folder) => {
    if (sought.trim()) return;
    if (folder.open) foldedOnes.delete(folderName(folder));
    else foldedOnes.add(folderName(folder));
    nameFoldAll();
  };

  // Shows the modules that have all the words; the others stay in the form.
  let sought = "";
  const seek = (text) => {
    sought = text;
    foldAgain();
    const words = text.toLocaleLowerCase().split(/\s+/);
    let found = 0;
    for (const list of document.querySelectorAll(".modules-list")) {
      for (const row of list.children) {
        const said = wordsOf(row);
        row.hidden = !words.every((word) => said.includes(word));
        found += row.hidden ? 0 : 1;
      }
      list.hidden = [...list.children].every((row) => row.hidden);
      list.closest(".folder")?.toggleAttribute("hidden", list.hidden);
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
    if (event.key !== "Enter") return;
    if (event.target.id === "find-module") event.preventDefault();
    if (event.target.name === "new-folder") {
      event.preventDefault();
      event.target.closest(".move-to").querySelector("button").click();
    }
  }, true);

  // A field in a folded module cannot be scrolled to.
  const openAround = (id) => {
    const field = id && document.getElementById(id);
    if (field?.closest("[hidden]")) { seek(""); document.getElementById("find-module").value = ""; }
    if (field?.parentElement.matches(".line")) { field.click(); return; }
    for (let around = field?.closest("details"); around; around = around.parentElement.closest("details")) {
      around.open = true;
    }
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
    if (event.target.matches(".folder")) noteFolding(event.target);
    const state = event.target.parentElement?.querySelector(":scope > [data-unfolded]");
    if (state) state.value = event.target.open ? "1" : "";
  }, true);
  document.addEventListener("click", (event) => {
    const found = (selector) => event.target.closest(selector);
    if (found("[data-show-all]")) { event.preventDefault(); showAll(); }
    else if (found("[data-fold-all]")) foldAll();
    else if (found("[data-insert]")) insert(found("[data-insert]"));
    else if (found("[data-line]")) { event.preventDefault(); goToLine(found("[data-line]")); }
    else if (found(".error-summary a")) { event.preventDefault(); openAround(found("a").hash.slice(1)); }
    else if (found(".line > a, [name=line]")) onLine(event, found(".line > a, [name=line]"));
    else if (found("[data-leaves]")) leaving = true;
  });
  // Back where one was once it is saved: the page that follows is at the same height, with the same folders folded and
  // the same words looked for; a text with its caret where it was. What saving did is then said at the foot.
  const PLACE = "manifest-place";
  const KEPT_MS = 60_000;
  const text = () => document.getElementById("id_text");
  const keepPlace = () => {
    const place = { path: location.pathname, at: Date.now(), y: scrollY, folded: [...foldedOnes], sought };
    const caret = text() && [text().scrollTop, text().selectionStart];
    sessionStorage.setItem(PLACE, JSON.stringify({ ...place, caret, focus: document.activeElement.id }));
  };
  const takePlace = () => {
    const place = JSON.parse(sessionStorage.getItem(PLACE) || "{}");
    sessionStorage.removeItem(PLACE);
    return place.path === location.pathname && Date.now() - place.at < KEPT_MS ? place : null;
  };
  const sayAtFoot = () => {
    const said = document.querySelector("#messages li")?.textContent.trim();
    const words = unsaved()?.querySelector("[data-unsaved-words]") || unsaved();
    if (!said || !words || isUnsaved()) return;
    words.textContent = said;
    document.getElementById("announcer").textContent = said;
  };
  const goBack = () => {
    const field = document.getElementById("find-module");
    const place = takePlace();
    const isRefused = document.querySelector(".error-summary, .conflict");
    for (const label of place?.folded || []) foldedOnes.add(label);
    if (field && place?.sought) field.value = place.sought;
    if (field?.value) seek(field.value);
    else foldAgain();
    if (!place || isRefused || location.hash) return;
    document.getElementById(place.focus)?.focus({ preventScroll: true });
    if (text() && place.caret) {
      [text().scrollTop] = place.caret;
      text().setSelectionRange(place.caret[1], place.caret[1]);
    }
    scrollTo(0, place.y);
    if (place.y > 0) sayAtFoot();
  };
  goBack();

  document.addEventListener("submit", (event) => {
    leaving = event.submitter?.formTarget !== "_blank";
    const isSaved = event.target.id === "manifest" && !event.submitter?.hasAttribute("formaction");
    if (isSaved && leaving) keepPlace();
  });
  // A refusal is told above the editor, which stays as unsaved as it is.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "messages") return;
    typed = false;
    if (event.detail.target?.id !== "editor") return;
    // Where the focus goes is not folded.
    foldedOnes.delete(folderName(document.querySelector("#editor [autofocus]")?.closest(".folder")));
    foldAgain();
    seekAgain();
  });
  // What the icons of a line do, as whoever points at one reads it: on each of two hundred lines it would be sent.
  document.addEventListener("pointerover", (event) => {
    const button = event.target.closest?.(".module-buttons button:not([title])");
    const named = document.getElementById(button?.getAttribute("aria-labelledby")?.split(" ")[0]);
    if (named) button.title = named.textContent;
  });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isUnsaved()) event.preventDefault();
    leaving = false;
  });
})();
