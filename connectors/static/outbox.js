/** Messages not yet taken by the server. They survive a reload and always keep their client_id,
 *  so that sending one again can never make it two. */

import { backoff } from "/static/live.js";

export class Outbox {
  #busy = false;
  #failures = 0;
  #timer = null;
  #notBefore = 0;

  constructor({ storage, transport, onChange, onSent }) {
    Object.assign(this, { storage, transport, onChange, onSent });
    // Nothing is in flight after a reload: what was being sent is tried again.
    this.items = storage.get("outbox", []).map((item) => ({ ...item, state: "sending" }));
  }

  get isEmpty() {
    return this.items.length === 0;
  }

  /** @param payload what else the transport must know: a pressed button, or where this belongs */
  add(text, payload = null) {
    const item = {
      client_id: newId(),
      text,
      payload,
      created_at: new Date().toISOString(),
      state: "sending",
    };
    this.items.push(item);
    this.#keep();
    this.onChange(item);
    this.flush();
    return item;
  }

  retry(clientId) {
    const item = this.items.find((each) => each.client_id === clientId);
    if (!item) return;
    this.#mark(item, "sending");
    this.flush();
  }

  /** The connection is back: what failed for want of it goes out again. */
  retryAll() {
    this.#failures = 0;
    this.#revive();
  }

  discard(clientId) {
    this.items = this.items.filter((each) => each.client_id !== clientId);
    this.#keep();
  }

  /** The change feed may bring our own message before the answer to our request does. */
  claim(message) {
    const item = this.items.find((each) => each.client_id === message.client_id);
    if (item) this.#done(item, message);
  }

  /** Sends one after the other, so that their order is kept. */
  async flush() {
    if (this.#busy || Date.now() < this.#notBefore) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      let item;
      while ((item = this.items.find((each) => each.state === "sending"))) {
        try {
          const message = await this.transport.send(item);
          this.#failures = 0;
          this.#done(item, message);
        } catch (error) {
          // The feed may have brought it meanwhile: then it is sent, whatever became of the answer.
          if (this.items.includes(item) && !this.#forgive(item, error)) break;
        }
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Decides what a failed attempt means; true when the next message may be tried at once. */
  #forgive(item, error) {
    if (error.isStranger && !item.renewed) {
      item.renewed = true;
      this.transport.forget();
      return true;
    }
    if (error.retryAfter) {
      // Too fast: it stays in its place and goes by itself when the server says.
      item.note = `发得有点快，约 ${error.retryAfter} 秒后自动发送`;
      this.#mark(item, "sending");
      this.#notBefore = Date.now() + error.retryAfter * 1000;
      this.#timer = setTimeout(() => this.flush(), error.retryAfter * 1000 + 50);
      return false;
    }
    this.#failures += 1;
    if (error.permanent) {
      this.#mark(item, "failed", error.message, true);
      return true;
    }
    this.#mark(item, this.#failures > 1 ? "failed" : "sending", error.code ? error.message : "");
    this.#timer = setTimeout(() => this.#revive(), backoff(this.#failures));
    return false;
  }

  #revive() {
    for (const item of this.items) {
      if (item.state === "failed" && !item.permanent) this.#mark(item, "sending");
    }
    this.flush();
  }

  #done(item, message) {
    if (!this.items.includes(item)) return;
    this.discard(item.client_id);
    this.onSent(item, message);
  }

  #mark(item, state, reason = "", permanent = false) {
    Object.assign(item, { state, reason, permanent });
    this.#keep();
    this.onChange(item);
  }

  #keep() {
    this.storage.set("outbox", this.items);
  }
}

/** A UUID also where the page has no secure context (plain http in an intranet). */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
