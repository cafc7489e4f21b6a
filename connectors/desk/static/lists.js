/** Asks the server for lists, soon after something changed them, and notices who joined the queue. */

import { setServerTime } from "./waiting.js";

const STATUSES = { queue: ["queued"], mine: ["staff"], others: ["bot", "staff"], resolved: ["resolved"] };
const PAGED = new Set(["bot", "resolved"]);
const RELOAD_MILLISECONDS = 300; // several changes in a row are one look at the list
const RETRY_MILLISECONDS = 5_000;

export class Lists {
  #due = new Set();
  #timer = null;
  #knowsQueue = false;
  #more = new Map(); // status -> where its next page begins

  /** @param asked what the server chooses by, in lists that come in pages */
  constructor({ api, conversations, asked, onLoaded, onArrived }) {
    Object.assign(this, { api, conversations, asked, onLoaded, onArrived });
  }

  loadTab(name) {
    return this.load(STATUSES[name]);
  }

  hasMore(name) {
    return STATUSES[name].some((status) => this.#more.get(status));
  }

  /** The next page of a tab, after what is there. */
  async loadMore(name) {
    const status = STATUSES[name].find((each) => this.#more.get(each));
    if (!status) return;
    const found = await this.api.conversations(status, { ...this.asked(), after: this.#more.get(status) });
    this.#more.set(status, found.more);
    this.conversations.add(found.conversations, found.cursor);
    this.onLoaded();
  }

  askAgain(statuses, after = RELOAD_MILLISECONDS) {
    if (!statuses.length) return;
    for (const status of statuses) this.#due.add(status);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#reload(), after);
  }

  async load(statuses) {
    const waited = new Set(this.#queue().map((row) => row.id));
    const lists = await Promise.all(statuses.map((status) => this.api.conversations(status, PAGED.has(status) ? this.asked() : {})));
    lists.forEach((found, at) => {
      setServerTime(found.now);
      this.#more.set(statuses[at], found.more);
      if (this.conversations.load(statuses[at], found.conversations, found.cursor)) this.askAgain([statuses[at]]);
    });
    const arrived = this.#queue().filter((row) => !waited.has(row.id));
    this.onLoaded();
    if (this.#knowsQueue && arrived.length) this.onArrived(arrived.at(-1));
    this.#knowsQueue ||= statuses.includes("queued");
  }

  async #reload() {
    const statuses = [...this.#due];
    this.#due.clear();
    try {
      await this.load(statuses);
    } catch {
      this.askAgain(statuses, RETRY_MILLISECONDS);
    }
  }

  #queue() {
    return this.conversations.list("queue");
  }
}
