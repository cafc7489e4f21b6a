/** What the middle column shows: nothing yet, a conversation on its way, a failure, or the conversation. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";

const NAMES = ["talk-empty", "talk-skeleton", "talk-failed", "talk-open"];
const PATIENCE_MILLISECONDS = 300; // what comes sooner needs no skeleton

export class Panes {
  #timer = null;

  constructor(root, { again }) {
    this.panes = Object.fromEntries(NAMES.map((name) => [name, hook(root, name)]));
    this.again = again;
  }

  /** Another conversation is on its way; the one before stays visible for a moment, but untouchable. */
  wait() {
    this.panes["talk-open"].inert = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#only("talk-skeleton"), PATIENCE_MILLISECONDS);
  }

  show(name) {
    clearTimeout(this.#timer);
    this.panes["talk-open"].inert = false;
    this.#only(name);
  }

  showFailure(error) {
    this.panes["talk-failed"].replaceChildren(
      element("p", { class: "hint-title", text: "没能打开这个会话" }),
      element("p", { text: wordsFor(error) }),
      element("button", { class: "button button-small", type: "button", text: "重新打开", onclick: this.again }),
    );
    this.show("talk-failed");
  }

  #only(name) {
    for (const [each, pane] of Object.entries(this.panes)) pane.hidden = each !== name;
  }
}
