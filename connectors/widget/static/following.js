/** Follows the change feed of whoever we are; someone new means a new feed from its beginning. */

import { Feed } from "/static/live.js";

export class Following {
  #feed = null;
  #token = null;

  constructor({ transport, onBegin, onChanges, onTyping, onState, onStranger }) {
    Object.assign(this, { transport, onBegin, onChanges, onTyping, onState, onStranger });
  }

  follow() {
    const token = this.transport.identity?.token;
    if (!token) return;
    if (token === this.#token) {
      this.#feed.wake();
      return;
    }
    this.#feed?.stop();
    this.#token = token;
    this.onBegin();
    this.#feed = new Feed({
      fetchChanges: (after, wait, signal) => this.transport.changes(after, wait, signal),
      openSocket: () => this.transport.openSocket(),
      onChanges: this.onChanges,
      onTyping: this.onTyping,
      onState: (state, error) => this.#changed(state, error),
    });
    this.#feed.start(0);
  }

  #changed(state, error) {
    if (state !== "refused") {
      this.onState(state);
      return;
    }
    this.#token = null;
    this.onStranger(error);
  }
}
