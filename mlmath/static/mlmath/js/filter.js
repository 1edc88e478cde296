// Narrows a list while one types. The form around the field is a plain GET form that does the same
// on the server, so nothing here is needed for the page to work.
//
// <form data-filter="ID"> names the list; its rows carry data-filter-text, in lower case;
// a [data-filter-section] without a visible row is hidden; [data-filter-empty] shows when nothing is left.

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

let announcing;

function announce(shown) {
  clearTimeout(announcing);
  // Only the count one stops at is worth hearing.
  announcing = setTimeout(() => {
    const news = document.getElementById("news");
    if (!news) return;
    let line = news.querySelector(".filter-count");
    if (!line) {
      line = document.createElement("p");
      line.className = "filter-count visually-hidden";
      news.append(line);
    }
    line.textContent = shown === 1 ? "1 match" : `${shown} matches`;
  }, 500);
}

function narrow(form) {
  const list = document.getElementById(form.dataset.filter);
  const field = form.querySelector('input[type="search"]');
  if (!list || !field) return;
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of list.querySelectorAll("[data-filter-text]")) {
    const text = plain(row.dataset.filterText);
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  for (const section of list.querySelectorAll("[data-filter-section]")) {
    section.hidden = !section.querySelector("[data-filter-text]:not([hidden])");
  }
  for (const empty of list.querySelectorAll("[data-filter-empty]")) empty.hidden = shown > 0;
  return shown;
}

document.body.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-filter]");
  if (form && event.target.type === "search") announce(narrow(form));
});

// A browser that comes back to the page restores the text of the field, not the rows.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-filter]")) {
    if (form.querySelector('input[type="search"]')?.value) narrow(form);
  }
});

// A swapped row arrives visible.
document.body.addEventListener("htmx:afterSettle", () => {
  for (const form of document.querySelectorAll("form[data-filter]")) narrow(form);
});
