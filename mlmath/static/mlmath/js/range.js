// Says in words what a slider of minutes stands at: `data-shown-in` names the <output>.

const words = (minutes) =>
  [[Math.floor(minutes / 60), "h"], [minutes % 60, "min"]]
    .filter(([number]) => number)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(" ");

document.body.addEventListener("input", ({ target }) => {
  const shown = target.dataset.shownIn && document.getElementById(target.dataset.shownIn);
  if (shown) shown.value = words(target.valueAsNumber);
});
