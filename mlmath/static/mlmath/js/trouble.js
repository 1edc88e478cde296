// Tells the reader when a button that works through htmx got no answer, or a refusal:
// without a word the page would look as if the press had counted.

function say(sentence) {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = sentence;
  document.getElementById("news")?.replaceChildren(toast);
}

document.body.addEventListener("htmx:sendError", () => {
  say("The server could not be reached, so this may not have been saved. Check the connection and try again.");
});

document.body.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401 || status === 403) say("You are not signed in any more. Load the page again, then repeat this.");
  else if (status === 429) say("That was too fast. Wait a moment and try again.");
  else if (status === 503) say("mlmath is taking a short break, so this may not have been saved. Wait half a minute and try again.");
  else say("That did not work, and nothing was saved. Load the page again and repeat it.");
});
