/** On narrow screens one column at a time; the device's own "back" leads to the list. */

import { hook } from "/static/dom.js";

const NARROW = window.matchMedia("(max-width: 999.98px)");

export class Views {
  constructor(root, { onList }) {
    this.root = root;
    this.onList = onList;
    hook(root, "back").onclick = () => this.back();
    hook(root, "side-back").onclick = () => this.#show("talk");
    hook(root, "show-side").onclick = () => this.showSide();
    window.addEventListener("popstate", () => this.#show("list"));
  }

  get isNarrow() {
    return NARROW.matches;
  }

  /** A conversation was opened; its address survives a reload. */
  openTalk(id) {
    const address = `#c=${id}`;
    if (this.isNarrow && this.root.dataset.view === "list") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.#show("talk");
  }

  /** The customer, where not all columns are seen at once. */
  showSide() {
    this.#show("side");
  }

  /** From what is shown one step back; false when there is none. */
  back() {
    if (!this.isNarrow || this.root.dataset.view === "list") return false;
    history.replaceState(null, "", location.pathname);
    this.#show(this.root.dataset.view === "side" ? "talk" : "list");
    return true;
  }

  /** The conversation that the address names. */
  get linked() {
    return /^#c=([\w-]+)$/.exec(location.hash)?.[1] ?? null;
  }

  #show(view) {
    this.root.dataset.view = view;
    if (view === "list") this.onList();
  }
}
