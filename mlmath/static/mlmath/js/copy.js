// Buttons that copy what stands in a field: <button data-copies="ID" hidden>. Without a clipboard
// they stay hidden, and one selects the text.

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copies]")) button.hidden = false;
}

document.body.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
    document.getElementById("news").textContent = "";
    const line = document.createElement("p");
    line.className = "visually-hidden";
    line.textContent = "Copied";
    document.getElementById("news").append(line);
  } catch {
    button.textContent = "Press Ctrl + C";
  }
});
