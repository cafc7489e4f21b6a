/** What has been read, and how much has not. */

export class Reading {
  #unread = 0;
  #isOpen = true;

  constructor({ storage, onUnread }) {
    Object.assign(this, { storage, onUnread });
    document.addEventListener("visibilitychange", () => this.isReading && this.caughtUp());
  }

  get isReading() {
    return this.#isOpen && !document.hidden;
  }

  /** The frame around us was opened or closed. */
  setOpen(isOpen) {
    this.#isOpen = isOpen;
    if (this.isReading) this.caughtUp();
  }

  /** Whether this change is news for the reader. */
  isNews(change, live) {
    if (change.type !== "message" || change.message.author === "customer") return false;
    this.newest = Math.max(this.newest ?? 0, change.cursor);
    if (live) return !this.isReading;
    const seen = this.storage.get("seen");
    return seen !== null && change.cursor > seen;
  }

  count() {
    this.#unread += 1;
    this.onUnread(this.#unread);
  }

  caughtUp() {
    if (this.newest) this.storage.set("seen", Math.max(this.newest, this.storage.get("seen", 0)));
    if (this.#unread) this.onUnread(0);
    this.#unread = 0;
  }
}
