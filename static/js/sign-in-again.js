// A sign-in that ended is done in a dialog; the page stays, with what was typed, and goes on after it.
(() => {
  "use strict";

  // What waits for the sign-in: called with true once it is there. And what asks by itself is not to ask twice.
  let waiting = [];
  let refused = false;

  const mark = () => document.querySelector("[name=drawn_for]")?.value || "";
  const headers = () => ({ "X-Drawn-For": mark() });

  const dialog = () => {
    const there = document.getElementById("sign-in-again");
    if (there) return there;
    const made = document.createElement("dialog");
    made.id = "sign-in-again";
    made.setAttribute("aria-labelledby", "sign-in-again-title");
    // After a sign-in too, when nothing waits any more: only Not now and Esc refuse.
    made.addEventListener("close", () => {
      if (!waiting.length) return;
      refused = true;
      end(false);
    });
    document.body.append(made);
    return made;
  };

  const end = (done) => {
    const calls = waiting;
    waiting = [];
    if (done) {
      refused = false;
      if (dialog().open) dialog().close();
    }
    for (const call of calls) call(done);
  };

  const take = (token, mark) => {
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
    for (const field of document.querySelectorAll("[name=drawn_for]")) field.value = mark;
    document.body.setAttribute("hx-headers", JSON.stringify({ "x-csrftoken": token }));
  };

  // Shows the form, or goes on where somebody has signed in already, in another tab perhaps.
  const read = async (answer) => {
    if (!answer.headers.get("Content-Type")?.startsWith("application/json")) {
      dialog().innerHTML = await answer.text();
      if (!dialog().open) dialog().showModal();
      dialog().querySelector("[autofocus], a, button")?.focus();
      return;
    }
    const { token, mark, go } = await answer.json();
    if (go) {
      // Somebody else: nothing that stands here is theirs.
      window.dispatchEvent(new Event("another-signed-in"));
      location.assign(go);
      return;
    }
    take(token, mark);
    end(true);
  };

  const look = async () => {
    const answer = await fetch("/sign-in/here/", { headers: headers() }).catch(() => null);
    if (answer?.ok) await read(answer);
    else end(false);
  };

  const send = async (form) => {
    const button = form.querySelector("[type=submit]");
    button.setAttribute("aria-busy", "true");
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", headers: headers(), body }).catch(() => null);
    button.removeAttribute("aria-busy");
    if (answer && (answer.ok || answer.status === 422 || answer.status === 429)) await read(answer);
    else look();
  };

  // Resolves to whether somebody signed in: the same person, or the page is left.
  const signInAgain = () => new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length > 1) return;
    look();
  });
  window.signInAgain = signInAgain;

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-signs-in-here]")) return;
    event.preventDefault();
    send(event.target);
  });
  // Back from another tab, or from a window beside this one.
  const back = () => {
    if (!document.hidden && waiting.length && document.getElementById("sign-in-again")?.open) lookQuietly();
  };
  document.addEventListener("visibilitychange", back);
  window.addEventListener("focus", back);
  const lookQuietly = async () => {
    const answer = await fetch("/sign-in/here/", { headers: headers() }).catch(() => null);
    if (answer?.headers.get("Content-Type")?.startsWith("application/json")) await read(answer);
  };

  const asksByItself = (element) => /\bevery\b|\bload\b/.test(element.getAttribute("hx-trigger") || "");

  document.addEventListener("htmx:beforeOnLoad", async (event) => {
    const { xhr, elt, target, requestConfig: sent } = event.detail;
    if (xhr.status !== 401 || !xhr.getResponseHeader("X-Sign-In")) return;
    event.preventDefault();
    if (elt.hasAttribute("data-quiet") || (asksByItself(elt) && (refused || waiting.length))) return;
    if (!(await signInAgain()) || !elt.isConnected) return;
    const swap = elt.closest("[hx-swap]")?.getAttribute("hx-swap");
    htmx.ajax(sent.verb.toUpperCase(), sent.path, { source: elt, event: sent.triggeringEvent, target, swap });
  });

  document.querySelector("form[data-sends-itself]")?.requestSubmit();
})();
