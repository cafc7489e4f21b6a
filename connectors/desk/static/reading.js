/** Tells the server what has been read, a moment later and the newest only. */

const REPORT_MILLISECONDS = 600;

export class Reading {
  #due = new Map(); // conversation -> seq
  #timer = null;

  /** @param onKept what was looked at is stored */
  constructor({ api, onKept }) {
    Object.assign(this, { api, onKept });
    window.addEventListener("pagehide", () => this.report());
  }

  saw(id, seq) {
    this.#due.set(id, seq);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.report(), REPORT_MILLISECONDS);
  }

  /** Reports now; what does not get through is reported with the next. */
  report() {
    for (const [id, seq] of this.#due) {
      this.api.markRead(id, seq).then(this.onKept, (error) => {
        if (!error.permanent && !this.#due.has(id)) this.#due.set(id, seq);
      });
    }
    this.#due.clear();
  }
}
