// Before a page of the admin is drawn: the theme chosen in the portal, handed to the admin's own script, which remembers
// it elsewhere, and whether the sidebar is open, which the admin's own script says only after that.
(() => {
  "use strict";
  const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
  localStorage.setItem("theme", chosen ? chosen[1] : "auto");
  if (localStorage.getItem("django.admin.navSidebarIsOpen") !== "false") document.documentElement.dataset.sidebar = "open";
})();
