// Lets a running timer tick: `data-elapsed` holds the seconds that had passed when the page was made.

const made = Date.now();

function tick() {
  for (const timer of document.querySelectorAll("[data-elapsed]")) {
    const seconds = Number(timer.dataset.elapsed) + Math.floor((Date.now() - made) / 1000);
    const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
    const padded = parts.map((part) => String(part).padStart(2, "0"));
    timer.textContent = [Math.floor(seconds / 3600), ...padded].join(":");
  }
}

tick();
setInterval(tick, 1000);
