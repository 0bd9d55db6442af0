// Lists of the admin.
(() => {
  "use strict";

  // The folded ones in the sidebar: open on the page of one of them, and while names are filtered.
  const folded = document.querySelector("#nav-sidebar .internals");
  if (folded) {
    const typed = document.getElementById("nav-filter");
    const unfold = () => { folded.open ||= Boolean(typed.value || folded.querySelector("[aria-current]")); };
    typed.addEventListener("input", unfold);
    unfold();
  }

  // On a phone the filters fold into one button, which says what is chosen.
  const filters = document.getElementById("changelist-filter");
  if (filters) {
    const chosen = [...filters.querySelectorAll("li.selected:not(:first-child)")].map((one) => one.textContent.trim());
    const button = document.createElement("button");
    button.id = "unfold-filters";
    button.type = "button";
    button.textContent = chosen.length ? `Filter: ${chosen.join(", ")}` : "Filter";
    button.setAttribute("aria-controls", filters.id);
    const fold = (shut) => {
      filters.classList.toggle("folded", shut);
      button.setAttribute("aria-expanded", String(!shut));
    };
    button.addEventListener("click", () => fold(!filters.classList.contains("folded")));
    fold(true);
    filters.before(button);
  }

  // Fields that search as one types are made by a script of the admin, sooner or later, which gives them no name.
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = document.querySelector(`label[for="${select.id}"]`);
    label.id ||= `${select.id}_label`;
    const name = () => {
      for (const box of select.parentElement.querySelectorAll("[role=combobox], [role=textbox]")) {
        const named = box.getAttribute("aria-labelledby") ?? "";
        if (!named.includes(label.id)) box.setAttribute("aria-labelledby", `${label.id} ${named}`.trim());
      }
    };
    new MutationObserver(name).observe(select.parentElement, { attributes: true, childList: true, subtree: true });
    name();
  }
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches(".select2-search__field")) target.setAttribute("aria-label", "Search");
  });
})();
