// Puts @ and somebody's name where the cursor is. Without this one types it.
//
// <label hidden><select data-mention-into="ID OF THE FIELD"> with names as values.

function show() {
  for (const picker of document.querySelectorAll("[data-mention-into]")) {
    picker.closest("[hidden]")?.removeAttribute("hidden");
  }
}

document.body.addEventListener("change", (event) => {
  const picker = event.target.closest("[data-mention-into]");
  const field = picker && document.getElementById(picker.dataset.mentionInto);
  if (!field || !picker.value) return;
  const before = field.value.slice(0, field.selectionStart);
  const space = before && !/\s$/.test(before) ? " " : "";
  field.setRangeText(`${space}@${picker.value} `, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  picker.value = "";
  field.focus();
});

show();
document.body.addEventListener("htmx:afterSettle", show);
