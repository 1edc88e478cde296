// Closes the <details class="menu"> menus on Escape, on a click elsewhere, and when the focus leaves them.

const openMenus = () => document.querySelectorAll("details.menu[open]");

document.body.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    if (menu.contains(event.target)) menu.querySelector("summary").focus();
  }
});

for (const kind of ["click", "focusin"]) {
  document.body.addEventListener(kind, (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}
