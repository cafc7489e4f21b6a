/** Tells the person who serves that the customer is typing; again every few seconds, and never of an end. */

const EVERY_MILLISECONDS = 4_000; // the other side forgets it after six seconds

export class Typist {
  #toldAt = 0;

  constructor({ transport, isServed }) {
    Object.assign(this, { transport, isServed });
  }

  typed(text) {
    if (!text.trim() || !this.isServed() || Date.now() - this.#toldAt < EVERY_MILLISECONDS) return;
    this.#toldAt = Date.now();
    // A mark that does not get through is no loss.
    this.transport.typing().catch(() => {});
  }

  sent() {
    this.#toldAt = 0;
  }
}
