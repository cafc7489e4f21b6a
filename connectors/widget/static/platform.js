/** The platform page: the assistant in the page, full screen on a phone once one talks to it. */

import { hook } from "/static/dom.js";
import { Assistant } from "./assistant.js";
import { takeBinding } from "./binding.js";

const PHONE = window.matchMedia("(max-width: 47.99rem)");
const root = document.querySelector("[data-assistant]");
const close = hook(root, "close");
const assistant = new Assistant(root, { onEngaged: expand });

function isExpanded() {
  return document.documentElement.dataset.assistant === "expanded";
}

/** On a phone the conversation takes the whole screen; “back” leads out of it. */
function expand() {
  if (!PHONE.matches || isExpanded()) return;
  history.pushState({ assistant: true }, "");
  apply(true);
}

function apply(expanded) {
  document.documentElement.dataset.assistant = expanded ? "expanded" : "inline";
  close.hidden = !expanded;
  assistant.viewport.toEnd("instant");
}

function collapse() {
  if (history.state?.assistant) history.back();
  else apply(false);
}

close.addEventListener("click", collapse);
assistant.composer.input.addEventListener("focus", expand);
window.addEventListener("popstate", () => isExpanded() && apply(false));
PHONE.addEventListener("change", () => !PHONE.matches && isExpanded() && collapse());
document.addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && isExpanded() && collapse());

takeBinding(assistant.composer);

for (const opener of document.querySelectorAll("[data-question]")) {
  opener.addEventListener("click", () => {
    assistant.ask(opener.dataset.question);
    root.scrollIntoView({ block: "nearest" });
    assistant.composer.focus();
  });
}
