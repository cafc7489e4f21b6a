/** What a reader sets for all our pages: large type (适老化). Loaded before the first paint. */

import { Storage } from "./storage.js";

const storage = new Storage("preferences.");
const page = document.documentElement;

function apply(isLarge) {
  if (isLarge) page.dataset.type = "large";
  else delete page.dataset.type;
  for (const toggle of document.querySelectorAll("[data-large-type]")) {
    toggle.setAttribute("aria-pressed", String(isLarge));
  }
}

apply(storage.get("large", false));
document.addEventListener("DOMContentLoaded", () => apply(storage.get("large", false)));
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-large-type]")) return;
  const isLarge = !storage.get("large", false);
  storage.set("large", isLarge);
  apply(isLarge);
});

/** The part of the window that the keyboard leaves free, for what must stay above it. */
function measure() {
  const { height = window.innerHeight, scale = 1 } = window.visualViewport ?? {};
  if (scale > 1.01) return; // zoomed with two fingers: the window itself has not changed
  page.style.setProperty("--free-height", `${Math.round(height)}px`);
}
(window.visualViewport ?? window).addEventListener("resize", measure);
measure();
