// Sends every press of a list's buttons, however fast they come.
//
// The list is one form, whose buttons carry an address each. htmx asks the form which button was
// pressed last; for a press that waited in the queue this is the wrong one, or one that a swap has
// removed since. The event that the press brought along still knows its own.

document.body.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt;
  const button = event.detail.triggeringEvent?.submitter;
  if (form.tagName !== "FORM" || !button?.hasAttribute("formaction")) return;
  const data = new FormData(form);
  data.append(button.name, button.value);
  event.detail.path = button.getAttribute("formaction");
  event.detail.parameters = data;
});

// The second click of a double click would meet the button that the first one has put in its place.
document.body.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("button[formaction]")) event.preventDefault();
});
