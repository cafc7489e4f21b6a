/** How many cases call for somebody, on the button that opens their list; asked for again by itself. */

import { hook } from "/static/dom.js";

const REFRESH_MILLISECONDS = 60_000; // a promise breaks without anything happening
const SOON_MILLISECONDS = 800; // several changes in a row are one look

export class CaseCalls {
  #timer = null;

  constructor(page, { api, onTold }) {
    Object.assign(this, { api, onTold });
    this.button = hook(page, "show-book");
    this.count = hook(page, "book-count");
    document.addEventListener("visibilitychange", () => document.hidden || this.soon(0));
  }

  soon(after = SOON_MILLISECONDS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), after);
  }

  async #ask() {
    const told = document.hidden ? null : await this.api.call("GET", "/cases/calling").catch(() => null);
    if (told) this.#show(told);
    this.soon(REFRESH_MILLISECONDS);
  }

  #show({ waiting, overdue, calling }) {
    this.count.hidden = calling === 0;
    this.count.textContent = overdue ? `▲ ${calling}` : calling;
    this.count.classList.toggle("tab-count-late", overdue > 0);
    const words = [waiting && `${waiting} 个待受理`, overdue && `${overdue} 个超时`].filter(Boolean).join("，");
    this.button.setAttribute("aria-label", words ? `工单，${words}` : "工单");
    this.onTold(words || "没有待受理或超时的工单");
  }
}
