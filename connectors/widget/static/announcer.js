/** Tells those who do not see the page how things stand, without talking over everything else. */

const QUIET_MILLISECONDS = 20_000; // between two moves in the queue

export class Announcer {
  #said = "";
  #waiting = null;
  #timer = null;

  constructor(place) {
    this.place = place;
  }

  /** Says it now if it has been quiet long enough, else the newest of what came meanwhile. */
  say(text, { isUrgent = false } = {}) {
    if (isUrgent) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    this.#waiting = text;
    if (this.#timer === null) this.#speak();
  }

  #speak() {
    this.#timer = null;
    if (this.#waiting === null || this.#waiting === this.#said) return;
    this.place.textContent = this.#said = this.#waiting;
    this.#timer = setTimeout(() => this.#speak(), QUIET_MILLISECONDS);
  }
}
