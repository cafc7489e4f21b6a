/** Files on their way to the server, one after the other. They do not survive a reload, but a file
 *  sent again keeps its client_id, so it can never become two. */

import { backoff } from "/static/live.js";
import { newId } from "/static/outbox.js";

const MEGABYTE = 1_000_000;

export class Uploads {
  items = [];
  #busy = false;
  #failures = 0;

  /** @param send `(item, {signal, onProgress})` resolves to the message, or throws `{permanent, message}` */
  constructor({ send, limitMegabytes, onChange, onSent, onGone }) {
    Object.assign(this, { send, limitMegabytes, onChange, onSent, onGone });
  }

  /** @param payload where they belong */
  add(files, payload = null) {
    for (const file of files) {
      const client_id = newId();
      const item = {
        client_id, file, payload, state: "sending", progress: 0, created_at: new Date().toISOString(),
        retry: () => this.#again(item),
        discard: () => this.discard(client_id),
      };
      this.items.push(item);
      const refusal = this.#refusal(file);
      if (refusal) this.#mark(item, { state: "failed", reason: refusal, permanent: true });
      else this.onChange(item);
    }
    this.#flush();
  }

  /** The connection is back: what failed for want of it goes out again. */
  retryAll() {
    for (const item of this.items) if (item.state === "failed" && !item.permanent) this.#again(item);
  }

  discard(clientId) {
    const item = this.#take(clientId);
    item?.stop?.abort();
    if (item) this.onGone(item);
  }

  /** The change feed may bring our own message before the answer to our request does. */
  claim(message) {
    const item = message.client_id && this.#take(message.client_id);
    if (item) this.onSent(item, message);
  }

  #refusal(file) {
    if (!file.size) return "这个文件是空的";
    return file.size > this.limitMegabytes * MEGABYTE ? `单个文件最大 ${this.limitMegabytes} MB，请压缩或分开后再发` : "";
  }

  #again(item) {
    this.#mark(item, { state: "sending", progress: 0, reason: "" });
    this.#flush();
  }

  async #flush() {
    if (this.#busy) return;
    this.#busy = true;
    let item;
    while ((item = this.items.find((each) => each.state === "sending"))) await this.#try(item);
    this.#busy = false;
  }

  async #try(item) {
    item.stop = new AbortController();
    const onProgress = (share) => item.showProgress?.((item.progress = share));
    try {
      const message = await this.send(item, { signal: item.stop.signal, onProgress });
      this.#failures = 0;
      if (this.#take(item.client_id)) this.onSent(item, message);
    } catch (error) {
      if (!this.items.includes(item)) return;
      const reason = error.code ? error.message : "网络不通";
      this.#mark(item, { state: "failed", reason, permanent: Boolean(error.permanent) });
      if (!error.permanent) setTimeout(() => item.state === "failed" && this.items.includes(item) && this.#again(item), backoff((this.#failures += 1) + 2));
    }
  }

  #take(clientId) {
    const item = this.items.find((each) => each.client_id === clientId);
    this.items = this.items.filter((each) => each !== item);
    return item;
  }

  #mark(item, values) {
    Object.assign(item, values);
    this.onChange(item);
  }
}

/** Sends one file as the body of a request; only XMLHttpRequest tells how far it is.
 *  Resolves to `{status, answer}`; throws when there was no answer at all. */
export function sendFile(address, file, headers, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "json";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => resolve({ status: request.status, answer: request.response });
    request.onerror = request.onabort = () => reject(new TypeError("no answer"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
