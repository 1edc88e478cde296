// The keyboard: j and k walk the topic rows, d l s r press a row's buttons, / searches, ? explains.
// Rows are looked up at every key, so that a row that htmx has just put in place is found too.

const rows = () => [...document.querySelectorAll(".topic-row")].filter((row) => row.offsetParent);
const current = () => document.querySelector('.topic-row[aria-current="true"]');

// A swap replaces the row together with its mark; its id says which one it was.
let currentId = "";

function moveTo(row) {
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  currentId = row.id;
  (row.querySelector(".row-title[href]") ?? row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  moveTo(all[next]);
}

function press(key) {
  // On a topic's own page there are no rows, and its one state control answers.
  const place = current() ?? (rows().length ? null : document.querySelector("main"));
  const button = place?.querySelector(`button[data-key="${key}"]:not(:disabled)`);
  button?.click();
  return Boolean(button);
}

function openKeys() {
  const dialog = document.getElementById("keys");
  if (dialog && !dialog.open) dialog.showModal();
}

const isTyping = (target) =>
  target.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select") ||
  target.isContentEditable;

document.body.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || event.target.closest("dialog")) return;
  const act = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.querySelector('.search-box input, input[type="search"]')?.focus(),
    "?": openKeys,
  }[event.key];
  if (act) {
    act();
    event.preventDefault();
  } else if (!event.repeat && "dlsr".includes(event.key) && press(event.key)) {
    event.preventDefault();
  }
});

document.body.addEventListener("click", (event) => {
  if (event.target.closest('[data-opens="keys"]')) openKeys();
});

document.body.addEventListener("htmx:afterSettle", () => {
  if (!currentId || current()) return;
  const row = document.getElementById(currentId);
  if (row) moveTo(row);
});
