// Lists of the admin.
(() => {
  "use strict";

  // The admin's own script, which ran before this one, has opened or closed the sidebar.
  delete document.documentElement.dataset.sidebar;

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
  const button = document.getElementById("unfold-filters");
  if (filters && button) {
    const chosen = [...filters.querySelectorAll("li.selected:not(:first-child)")].map((one) => one.textContent.trim());
    if (chosen.length) button.textContent = `Filter: ${chosen.join(", ")}`;
    button.addEventListener("click", () => {
      button.setAttribute("aria-expanded", String(filters.classList.toggle("unfolded")));
    });
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
