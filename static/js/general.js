// The General tab: what is typed or chosen shows its effect at once. The forms work without this file.
(() => {
  "use strict";

  const SIDE = 140;

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

  const previewLogo = (input) => {
    const file = input.files[0];
    const address = file ? URL.createObjectURL(file) : "";
    const message = document.querySelector("[data-logo-size]");
    message.textContent = "";
    for (const preview of document.querySelectorAll("[data-preview]")) {
      preview.hidden = !file;
      preview.previousElementSibling.toggleAttribute("hidden", Boolean(file));
      preview.src = address;
    }
    const first = document.querySelector("[data-preview]");
    first.onload = () => {
      if (first.naturalWidth === SIDE && first.naturalHeight === SIDE) return;
      message.textContent = `This picture is ${first.naturalWidth} x ${first.naturalHeight}. It must be 140 x 140.`;
    };
    first.onerror = () => {
      if (file) message.textContent = "This file is not a picture we can read. Choose a PNG, JPEG or WebP.";
    };
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-tracking]")) showTracking(event.target);
    else if (event.target.matches("input[type=file][name=logo]")) previewLogo(event.target);
    else if (event.target.id) mirror(event.target);
  });
})();
