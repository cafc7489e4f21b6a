/** Who types in the open conversation, both ways: passed on at once, kept nowhere, gone by itself. */

import { hook } from "/static/dom.js";

const EVERY_MILLISECONDS = 4_000; // the other side forgets it after six seconds

export class Typing {
  #shownOf = null;
  #timer = null;
  #toldAt = 0;

  constructor(root, { api, work }) {
    this.mark = hook(root, "typing");
    Object.assign(this, { api, work });
    work.talk.onOpen = () => this.#forget();
    hook(root, "input").addEventListener("input", ({ target }) => this.#typed(target.value));
  }

  /** The customer of one's own conversation types. */
  heard({ conversation_id, seconds }) {
    if (conversation_id !== this.work.talk.id) return;
    clearTimeout(this.#timer);
    this.#shownOf = conversation_id;
    this.mark.hidden = false;
    this.#timer = setTimeout(() => this.#forget(), seconds * 1000);
  }

  /** What was typed has come, or the conversation is somebody else's now. */
  receive(changes) {
    const ends = ({ type, message }) => type === "status" || (type === "message" && message.author === "customer");
    if (changes.some((change) => change.conversation_id === this.#shownOf && ends(change))) this.#forget();
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#shownOf = null;
    this.mark.hidden = true;
  }

  #typed(text) {
    const place = this.work.composer.place;
    if (!text.trim() || place.private || place.block || Date.now() - this.#toldAt < EVERY_MILLISECONDS) return;
    this.#toldAt = Date.now();
    // A mark that does not get through is no loss.
    this.api.act(place.conversation_id, "typing").catch(() => {});
  }
}
