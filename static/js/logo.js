// The logo: a picture of any size is cut to a square in the page. Without this file the form takes exactly 140 x 140.
(() => {
  "use strict";

  const SIDE = 140;
  // How far one goes in: the shorter side of the picture over that of the square.
  const MOST_ZOOM = 4;
  // In pixels of the logo, for one press of an arrow.
  const STEP = 2;
  const LONG_STEP = 14;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  const input = document.querySelector("input[type=file][name=logo]");
  const crop = document.querySelector("[data-crop]");
  if (!input || !crop) return;
  const square = crop.querySelector("canvas");
  const zoom = crop.querySelector("input[type=range]");
  const hint = crop.querySelector("[role=status]");
  const message = document.querySelector("[data-logo-size]");
  const logo = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });

  // What the square shows of the picture, in the picture's own pixels: its middle and its side.
  let picture = null;
  let middle = [0, 0];
  let side = 0;

  const sizes = () => [picture.naturalWidth, picture.naturalHeight];
  const widest = () => Math.max(...sizes());
  const narrowest = () => Math.min(...sizes()) / MOST_ZOOM;

  const showPreviews = (address) => {
    for (const preview of document.querySelectorAll("[data-preview]")) {
      preview.hidden = !address;
      preview.previousElementSibling.toggleAttribute("hidden", Boolean(address));
      if (address) preview.src = address;
      else preview.removeAttribute("src");
    }
  };

  const draw = (canvas) => {
    const pen = canvas.getContext("2d");
    const scale = canvas.width / side;
    pen.imageSmoothingQuality = "high";
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const [left, top] = middle.map((at) => canvas.width / 2 - at * scale);
    pen.drawImage(picture, left, top, ...sizes().map((size) => size * scale));
  };

  // What the form sends from now on.
  const send = (address) => {
    const bytes = Uint8Array.from(atob(address.split(",")[1]), (letter) => letter.charCodeAt(0));
    const chosen = new DataTransfer();
    chosen.items.add(new File([bytes], "logo.png", { type: "image/png" }));
    input.files = chosen.files;
  };

  // The picture fills the square, unless one zooms out to the whole of it: then it is in the middle.
  const cut = () => {
    middle = middle.map((at, axis) => {
      const size = sizes()[axis];
      return side >= size ? size / 2 : Math.min(Math.max(at, side / 2), size - side / 2);
    });
    draw(square);
    draw(logo);
    const address = logo.toDataURL("image/png");
    showPreviews(address);
    send(address);
  };

  const move = (right, down) => {
    middle = [middle[0] - right, middle[1] - down];
    cut();
  };

  const begin = () => {
    const [width, height] = sizes();
    middle = [width / 2, height / 2];
    side = Math.min(width, height);
    zoom.value = (100 * Math.log(side / widest())) / Math.log(narrowest() / widest());
    const isSmall = side < SIDE;
    const blurred = isSmall ? " It is smaller than a logo, and may look blurred." : "";
    hint.textContent = `This picture is ${width} x ${height}. Drag it, or use the arrow keys, and zoom.${blurred}`;
    crop.hidden = false;
    cut();
  };

  const choose = () => {
    const [file] = input.files;
    message.textContent = "";
    crop.hidden = true;
    showPreviews("");
    if (!file) return;
    const chosen = new Image();
    chosen.onload = () => {
      picture = chosen;
      if (sizes().every((size) => size === SIDE)) showPreviews(chosen.src);
      else begin();
    };
    chosen.onerror = () => {
      message.textContent = "This file is not a picture we can read. Choose a PNG, JPEG or WebP.";
    };
    chosen.src = URL.createObjectURL(file);
  };

  input.addEventListener("input", choose);
  zoom.addEventListener("input", () => {
    side = widest() * (narrowest() / widest()) ** (zoom.value / 100);
    cut();
  });
  let held = [0, 0];
  square.addEventListener("pointerdown", (event) => {
    square.setPointerCapture(event.pointerId);
    held = [event.clientX, event.clientY];
  });
  square.addEventListener("pointermove", (event) => {
    if (!square.hasPointerCapture(event.pointerId)) return;
    const scale = side / square.clientWidth;
    move((event.clientX - held[0]) * scale, (event.clientY - held[1]) * scale);
    held = [event.clientX, event.clientY];
  });
  square.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const step = ((event.shiftKey ? LONG_STEP : STEP) * side) / SIDE;
    move(arrow[0] * step, arrow[1] * step);
  });
})();
