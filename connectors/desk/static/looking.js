/** Looks at the open conversation in whole again, soon after something called for it, until that succeeds. */

const SOON_MILLISECONDS = 700; // several changes in a row are one look at the whole
const RETRY_MILLISECONDS = 5_000;

export class Looking {
  #timer = null;
  #isDue = false;

  /** @param read fetches the whole of what lies open now @param take gets it */
  constructor({ read, take }) {
    Object.assign(this, { read, take });
  }

  soon(after = SOON_MILLISECONDS) {
    this.#isDue = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), after);
  }

  /** The connection is back. */
  retry() {
    if (this.#isDue) this.soon(0);
  }

  /** Nothing was read; what may succeed another time is tried again. */
  failed(error) {
    if (!error.permanent) this.soon(RETRY_MILLISECONDS);
  }

  /** Another conversation lies open. */
  stop() {
    this.#isDue = false;
    clearTimeout(this.#timer);
  }

  async #look() {
    this.#isDue = false;
    const detail = await this.read().catch((error) => this.failed(error));
    if (detail) this.take(detail);
  }
}
