// Fills in the browser's own time zone; without it a person begins with UTC and chooses under Profile.
(() => {
  "use strict";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const field of document.querySelectorAll("[data-time-zone]")) {
    if (!field.value) field.value = zone || "";
  }
})();
