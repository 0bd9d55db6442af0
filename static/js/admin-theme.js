// The theme chosen in the portal, handed to the admin's own script, which remembers it elsewhere.
(() => {
  "use strict";
  const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)/);
  localStorage.setItem("theme", chosen ? chosen[1] : "auto");
})();
