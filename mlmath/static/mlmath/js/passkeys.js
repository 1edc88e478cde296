// Says in words why a passkey did not work. The ceremony itself is the account library's script,
// which reports a failure as an `allauth.error` event and would otherwise leave the reader waiting.

const reasons = {
  NotAllowedError: "The passkey was not used: the request was cancelled or took too long. You can try again.",
  InvalidStateError: "This passkey is already registered with your account.",
  SecurityError: "Passkeys do not work at this address. Open the site by its name, not by a number.",
  NotSupportedError: "This device cannot make the kind of passkey that is needed here.",
};

document.addEventListener("allauth.error", (event) => {
  const region = document.getElementById("news");
  if (!region) return;
  event.preventDefault();
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent =
    reasons[event.detail.exception?.name] ?? "The passkey did not work. Please try again or use another way to sign in.";
  region.replaceChildren(toast);
});
