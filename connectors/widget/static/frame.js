/** The assistant inside a frame on another site. Speaks only with the page that framed us. */

import { hook } from "/static/dom.js";
import { Assistant } from "./assistant.js";

const SOURCE = "quality-assistant";

/** The origin of the page around us: it names itself, and messages go to nobody else. */
function originAround() {
  try {
    return new URL(new URLSearchParams(location.search).get("origin")).origin;
  } catch {
    return null;
  }
}

const root = document.querySelector("[data-assistant]");
const around = window.parent === window ? null : originAround();
const tell = (message) => around && window.parent.postMessage({ source: SOURCE, ...message }, around);
const assistant = new Assistant(root, { onUnread: (count) => tell({ type: "unread", count }) });
const close = hook(root, "close");

close.hidden = !around;
close.addEventListener("click", () => tell({ type: "close" }));
document.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && tell({ type: "close" }));

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.origin !== around || event.data?.source !== SOURCE) return;
  assistant.setOpen(event.data.type === "opened");
  if (event.data.type === "opened") assistant.composer.focus();
});
tell({ type: "ready" });
