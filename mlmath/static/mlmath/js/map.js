// The map: zoom by buttons, keys, wheel and pinch, pan by dragging, walk from box to box by arrows.
// Without this module it is a picture of links that scrolls by itself.

const STEP = 1.25;
const LEAST = 0.25;
const MOST = 2;

for (const map of document.querySelectorAll("[data-map]")) start(map);

function start(map) {
  const view = map.querySelector("[data-map-view]");
  const svg = view.querySelector("svg");
  const full = { width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
  let zoom = 1;

  // Keeps the point under `x`, `y` (in the view) where it is.
  function zoomTo(wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    const next = Math.min(Math.max(wanted, LEAST), MOST);
    const left = ((view.scrollLeft + x) / zoom) * next - x;
    const top = ((view.scrollTop + y) / zoom) * next - y;
    zoom = next;
    svg.setAttribute("width", Math.round(full.width * zoom));
    svg.setAttribute("height", Math.round(full.height * zoom));
    view.scrollTo(left, top);
  }

  const fit = () => {
    zoomTo(Math.min(view.clientWidth / full.width, 1));
    view.scrollTo(0, 0);
  };
  const acts = { in: () => zoomTo(zoom * STEP), out: () => zoomTo(zoom / STEP), fit };

  const tools = map.querySelector("[data-map-tools]");
  tools.hidden = false;
  tools.addEventListener("click", (event) => acts[event.target.closest("button")?.dataset.zoom]?.());

  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.fit }[event.key];
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const box = event.target.closest(".node");
    if (act) act();
    else if (arrow && box) neighbour(svg, box, arrow)?.focus();
    else return;
    event.preventDefault();
  });

  view.addEventListener(
    "wheel",
    (event) => {
      // A pinch on a touchpad arrives as a wheel with Ctrl; the plain wheel scrolls.
      if (!event.ctrlKey) return;
      const place = view.getBoundingClientRect();
      zoomTo(zoom * Math.exp(-event.deltaY / 200), event.clientX - place.x, event.clientY - place.y);
      event.preventDefault();
    },
    { passive: false },
  );
  drag(view);
  pinch(view, () => zoom, zoomTo);
  const show = follow(svg);
  open(svg, show);
  const chosen = current(svg);
  if (!chosen) return;
  const box = chosen.querySelector("rect");
  view.scrollTo(box.x.baseVal.value - view.clientWidth / 2 + 92, box.y.baseVal.value - view.clientHeight / 2 + 27);
}

function current(svg) {
  return svg.querySelector('[aria-current="true"]');
}

// A topic opens in the panel beside the map; a new tab stays a new tab.
function open(svg, show) {
  document.body.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-map-topic]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    await htmx.ajax("GET", link.getAttribute("href"), { target: "#panel", swap: "outerHTML" });
    current(svg)?.removeAttribute("aria-current");
    document.getElementById(`node-${link.dataset.slug}`)?.setAttribute("aria-current", "true");
    show(undefined);
    document.getElementById("panel").scrollIntoView({ block: "nearest" });
  });
}

// The nearest box in that direction: along it counts once, aside of it twice.
function neighbour(svg, from, [dx, dy]) {
  const middle = (box) => {
    const { x, y, width, height } = box.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const [x, y] = middle(from);
  let best = null;
  let least = Infinity;
  for (const box of svg.querySelectorAll(".node")) {
    const [bx, by] = middle(box);
    const along = (bx - x) * dx + (by - y) * dy;
    const aside = Math.abs((bx - x) * dy) + Math.abs((by - y) * dx);
    if (along > 1 && along + 2 * aside < least) [best, least] = [box, along + 2 * aside];
  }
  return best;
}

function drag(view) {
  let from = null;
  let hasMoved = false;
  view.addEventListener("pointerdown", (event) => {
    // Fingers scroll natively.
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop };
    hasMoved = false;
  });
  view.addEventListener("pointermove", (event) => {
    if (!from) return;
    const left = from.x - event.clientX;
    const top = from.y - event.clientY;
    if (!hasMoved && Math.abs(left - view.scrollLeft) + Math.abs(top - view.scrollTop) < 5) return;
    if (!hasMoved) view.setPointerCapture(event.pointerId);
    hasMoved = true;
    view.scrollTo(left, top);
  });
  for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => (from = null));
  // A drag that ends on a box is no click on it.
  view.addEventListener("click", (event) => hasMoved && event.detail && event.preventDefault(), true);
  view.addEventListener("dragstart", (event) => event.preventDefault());
}

function pinch(view, zoom, zoomTo) {
  let start = null;
  const spread = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  view.addEventListener(
    "touchmove",
    (event) => {
      if (event.touches.length !== 2) return;
      const place = view.getBoundingClientRect();
      const [a, b] = event.touches;
      start ??= { spread: spread(event.touches), zoom: zoom() };
      zoomTo(
        (start.zoom * spread(event.touches)) / start.spread,
        (a.clientX + b.clientX) / 2 - place.x,
        (a.clientY + b.clientY) / 2 - place.y,
      );
      event.preventDefault();
    },
    { passive: false },
  );
  view.addEventListener("touchend", () => (start = null));
}

// The edges of the box under the pointer or the focus stand out.
function follow(svg) {
  const show = (hovered) => {
    const slug = hovered ?? current(svg)?.dataset.slug;
    for (const edge of svg.querySelectorAll(".edge"))
      edge.toggleAttribute("data-followed", edge.dataset.from === slug || edge.dataset.to === slug);
    svg.toggleAttribute("data-following", Boolean(slug));
  };
  for (const [enter, leave] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
    svg.addEventListener(enter, (event) => show(event.target.closest(".node")?.dataset.slug));
    svg.addEventListener(leave, () => show(undefined));
  }
  show(undefined);
  return show;
}
