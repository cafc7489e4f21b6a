/** Asks the server for lists, soon after something changed them, and notices who joined the queue. */

import { setServerTime } from "./waiting.js";

const STATUSES = { queue: ["queued"], mine: ["staff"], others: ["bot", "staff"], resolved: ["resolved"] };
const RELOAD_MILLISECONDS = 300; // several changes in a row are one look at the list
const RETRY_MILLISECONDS = 5_000;

export class Lists {
  #due = new Set();
  #timer = null;
  #knowsQueue = false;

  constructor({ api, conversations, onLoaded, onArrived }) {
    Object.assign(this, { api, conversations, onLoaded, onArrived });
  }

  loadTab(name) {
    return this.load(STATUSES[name]);
  }

  askAgain(statuses, after = RELOAD_MILLISECONDS) {
    if (!statuses.length) return;
    for (const status of statuses) this.#due.add(status);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#reload(), after);
  }

  async load(statuses) {
    const waited = new Set(this.#queue().map((row) => row.id));
    const lists = await Promise.all(statuses.map((status) => this.api.conversations(status)));
    lists.forEach((found, at) => {
      setServerTime(found.now);
      this.conversations.load(statuses[at], found.conversations);
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
