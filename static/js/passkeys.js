// Passkeys: a form that has one asks the device first, and is sent with what the device signed.
(() => {
  "use strict";

  // Bytes are written in base64url.
  const bytes = (written) => {
    const plain = atob(written.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const plain = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return plain.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };

  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  // As the server reads it. toJSON does the same, where browsers have it.
  const signed = (credential, names) => ({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(
      names.filter((name) => credential.response[name]).map((name) => [name, text(credential.response[name])]),
    ),
    clientExtensionResults: {},
  });

  const create = async (options) => {
    const made = await navigator.credentials.create({ publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: named(options.excludeCredentials),
    } });
    return signed(made, ["clientDataJSON", "attestationObject"]);
  };

  const get = async (options) => {
    const used = await navigator.credentials.get({ publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: named(options.allowCredentials),
    } });
    return signed(used, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]);
  };

  // What the passkey is to sign stands in the page, or is asked for where nobody is signed in.
  const askedOf = async (form) => {
    if (form.dataset.options) return { options: JSON.parse(form.dataset.options), asked: form.dataset.asked };
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("no challenge");
    return answer.json();
  };

  const WHY = {
    NotAllowedError: "No passkey was used. You cancelled, it took too long, or this device has no passkey for this portal.",
    InvalidStateError: "This device already has a passkey for you.",
    NotSupportedError: "This browser or device does not support passkeys.",
    SecurityError: "Passkeys do not work at this address.",
  };

  const run = async (form) => {
    const told = form.querySelector("[data-passkey-told]");
    const button = form.querySelector("button[type=submit]");
    told.hidden = true;
    button.disabled = true;
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
      const act = form.dataset.passkey === "create" ? create : get;
      const { options, asked } = await askedOf(form);
      form.elements.credential.value = JSON.stringify(await act(options.publicKey));
      form.elements.asked.value = asked;
      form.submit();
    } catch (error) {
      told.textContent = WHY[error.name] || "Something went wrong. Reload the page and try again.";
      told.hidden = false;
      button.disabled = false;
      // A button that is off lost the focus.
      if (document.activeElement === document.body) button.focus();
    }
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-passkey]")) return;
    event.preventDefault();
    run(event.target);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
