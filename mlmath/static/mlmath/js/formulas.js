// A formula or code wider than the page scrolls by itself; the keyboard has to reach it to do so.

function reach() {
  for (const formula of document.querySelectorAll('.prose :is(math[display="block"], pre)')) {
    if (formula.scrollWidth > formula.clientWidth) formula.setAttribute("tabindex", "0");
    else formula.removeAttribute("tabindex");
  }
}

reach();
addEventListener("resize", reach);
document.body.addEventListener("htmx:afterSettle", reach);
