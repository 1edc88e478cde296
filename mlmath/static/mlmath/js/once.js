// Sends a plain form once: a second press while the answer is on its way is dropped.
// The button stays enabled, because a disabled one would not send its own name and value.

const sent = new Set();

function release(form) {
  sent.delete(form);
  form.removeAttribute("aria-busy");
}

document.body.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.closest("[hx-post], [data-hx-post]")) return;
  // htmx takes over buttons that carry their own address, and counts its requests itself.
  if (event.submitter?.matches("[hx-post], [hx-put], [hx-delete]")) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  form.setAttribute("aria-busy", "true");
  // A download leaves the page where it is, so the form must not stay closed for ever.
  setTimeout(() => release(form), 10_000);
});

addEventListener("pageshow", () => [...sent].forEach(release));
