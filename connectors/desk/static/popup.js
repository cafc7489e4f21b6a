/** Choices over the reply box, worked by the keyboard that is busy with typing: ↑ ↓, Enter, Esc. */

import { element, hook } from "/static/dom.js";

const COMPOSING_KEY = 229;

export class Popup {
  #at = 0;
  #choices = [];

  /** @param choose what is done with the chosen one @param close the popup was left without a choice */
  constructor(root, { input }) {
    Object.assign(this, { input, choose: () => {}, leave: () => {} });
    this.place = hook(root, "popup");
    this.list = hook(root, "popup-list");
    this.foot = hook(root, "popup-foot");
    // Before the composer, which would send.
    input.addEventListener("keydown", (event) => this.#keyed(event), true);
    input.addEventListener("blur", () => setTimeout(() => this.place.contains(document.activeElement) || this.hide(), 150));
  }

  get isOpen() {
    return !this.place.hidden;
  }

  /**
   * @param choices {node, value} each
   * @param words said when there are none
   */
  show(choices, { choose, leave, label, words, foot = [] }) {
    Object.assign(this, { choose, leave });
    this.#choices = choices;
    this.#at = 0;
    this.list.setAttribute("aria-label", label);
    const nodes = choices.map(({ node }, place) => element("li", { class: "popup-choice", role: "option", id: `choice-${place}`, onmousedown: (event) => event.preventDefault(), onclick: () => this.#take(place) }, node));
    this.list.replaceChildren(...(nodes.length ? nodes : [element("li", { class: "popup-none", text: words })]));
    this.foot.replaceChildren(...foot);
    this.place.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  hide() {
    if (!this.isOpen) return;
    this.place.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #take(place) {
    const chosen = this.#choices[place];
    this.hide();
    if (chosen) this.choose(chosen.value);
  }

  #mark() {
    [...this.list.children].forEach((node, place) => node.setAttribute("aria-selected", String(place === this.#at)));
    const marked = this.list.children[this.#at];
    if (!this.#choices.length) return;
    this.input.setAttribute("aria-activedescendant", marked.id);
    marked.scrollIntoView({ block: "nearest" });
  }

  #keyed(event) {
    if (!this.isOpen || event.isComposing || event.keyCode === COMPOSING_KEY) return;
    const count = this.#choices.length;
    if (event.key === "Escape") {
      this.hide();
      this.leave();
    } else if (!count) return;
    else if (event.key === "ArrowDown") this.#move(1);
    else if (event.key === "ArrowUp") this.#move(-1);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.#take(this.#at);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #move(by) {
    const count = this.#choices.length;
    this.#at = (this.#at + by + count) % count;
    this.#mark();
  }
}
