/** The strip under the list: somebody joined the queue, somebody calls us. It moves nothing. */

import { hook } from "/static/dom.js";

export class Telling {
  #id = null;
  #isQueue = false;

  constructor(root, { open }) {
    this.button = hook(root, "news");
    this.button.onclick = () => this.#id && open(this.#id);
  }

  joined(row) {
    this.#say(row.id, `${row.customer.name} 开始排队：${row.first_words || "还没有说话"}`, true);
  }

  called(id, words) {
    this.#say(id, words, false);
  }

  /** What was told is over: it was opened, or taken by a colleague. */
  forget(id) {
    if (id === this.#id) this.#say(null, "", false);
  }

  /** @param isQueued whether a conversation still waits in the queue */
  check(isQueued) {
    if (this.#id && this.#isQueue && !isQueued(this.#id)) this.forget(this.#id);
  }

  #say(id, words, isQueue) {
    this.#id = id;
    this.#isQueue = isQueue;
    this.button.hidden = !id;
    this.button.textContent = words;
  }
}
