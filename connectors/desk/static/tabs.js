/** The tabs over the list, with how many there are to accept and to answer. */

import { hook } from "/static/dom.js";

const COUNTED = ["queue", "mine"]; // the others are looked up, not worked through

export class Tabs {
  constructor(root, { conversations, choose }) {
    const place = hook(root, "tabs");
    this.tabs = [...place.querySelectorAll("[data-tab]")];
    Object.assign(this, { conversations, choose });
    for (const tab of this.tabs) tab.onclick = () => choose(tab.dataset.tab);
    place.onkeydown = (event) => this.#keyed(event);
  }

  chooseNumber(number) {
    const tab = this.tabs[number - 1];
    if (tab) this.choose(tab.dataset.tab);
  }

  show(name) {
    for (const tab of this.tabs) {
      const isShown = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      if (COUNTED.includes(tab.dataset.tab)) this.#showCount(tab);
    }
  }

  #showCount(tab) {
    const rows = this.conversations.list(tab.dataset.tab);
    const count = hook(tab, "count");
    count.hidden = rows.length === 0;
    count.textContent = rows.length;
    const needsUs = tab.dataset.tab === "queue" || rows.some((row) => this.conversations.unread(row));
    count.classList.toggle("tab-count-needs", needsUs);
  }

  #keyed(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = this.tabs.indexOf(event.target.closest("[data-tab]"));
    const next = this.tabs[(at + by + this.tabs.length) % this.tabs.length];
    next.focus();
    this.choose(next.dataset.tab);
  }
}
