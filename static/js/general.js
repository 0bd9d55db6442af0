// The General tab: what is typed shows its effect at once. The forms work without this file.
(() => {
  "use strict";

  const showTracking = (input) => {
    const shown = document.querySelector("[data-installation-url]");
    const plain = shown.dataset.installationUrl;
    const tracking = input.value.trim();
    const address = tracking ? `${plain}?${new URLSearchParams({ Tracking: tracking })}` : plain;
    shown.textContent = address;
    shown.parentElement.querySelector("[data-copy]").dataset.copy = address;
  };

  const mirror = (input) => {
    for (const shown of document.querySelectorAll(`[data-mirrors="${input.id}"]`)) shown.textContent = input.value;
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-tracking]")) showTracking(event.target);
    else if (event.target.id) mirror(event.target);
  });
})();
