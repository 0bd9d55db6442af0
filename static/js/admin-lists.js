// The folded lists of the admin's sidebar: open on the page of one of them, and while names are filtered.
(() => {
  "use strict";
  const folded = document.querySelector("#nav-sidebar .internals");
  if (!folded) return;
  const filter = document.getElementById("nav-filter");
  const unfold = () => { folded.open ||= Boolean(filter.value || folded.querySelector("[aria-current]")); };
  filter.addEventListener("input", unfold);
  unfold();
})();
