/** The desk API as functions. The browser holds the session cookie; the CSRF token lives here. */

import { sendFile } from "/static/uploads.js";
import { Refused, answerOf } from "./refused.js";

// What is saved while a page goes away must still arrive; browsers take 64 kB of that.
const LONGEST_KEPT = 15_000;

export class DeskApi {
  #token = "";
  #watched = null;
  #socket = null;
  #waiting = null;

  constructor(address, { onExpired }) {
    Object.assign(this, { address, onExpired });
  }

  async login(username, password) {
    await this.#call("POST", "/login", { username, password });
    return this.me();
  }

  async me() {
    const found = await this.#call("GET", "/me");
    this.#token = found.csrf_token;
    return found;
  }

  logout() {
    return this.#call("POST", "/logout", {});
  }

  /** @param asked more conditions, and the `more` of the page before as `after` */
  conversations(status, asked = {}) {
    const more = Object.entries(asked).filter(([, value]) => value);
    return this.#call("GET", `/conversations?${new URLSearchParams([["status", status], ...more])}`);
  }

  conversation(id) {
    return this.#call("GET", `/conversations/${encodeURIComponent(id)}`);
  }

  suggestions(text) {
    return this.#call("GET", `/suggestions?text=${encodeURIComponent(text)}`);
  }

  /** @param verb accept, return_to_bot, requeue or resolve */
  act(id, verb, body = {}) {
    return this.#call("POST", `/conversations/${encodeURIComponent(id)}/${verb}`, body);
  }

  async advance(number, status, note) {
    return (await this.#call("POST", `/cases/${encodeURIComponent(number)}/advance`, { status, note })).case;
  }

  /** @param way again, text, next_contact or case: for a message that did not reach the customer */
  settle(messageId, way) {
    return this.#call("POST", `/deliveries/${encodeURIComponent(messageId)}`, { way });
  }

  /** What the outbox calls; an item's payload says where it belongs. */
  async send({ client_id, text, payload }) {
    const path = `/conversations/${encodeURIComponent(payload.conversation_id)}/messages`;
    return (await this.#call("POST", path, { client_id, text, private: payload.private })).message;
  }

  /** Sends a file; see `Uploads`. */
  async upload({ client_id, file, payload }, watching, isSecond = false) {
    const query = new URLSearchParams({ client_id, name: file.name, private: payload.private });
    const path = `/conversations/${encodeURIComponent(payload.conversation_id)}/attachments?${query}`;
    const { status, answer } = await sendFile(this.address + path, file, { "X-CSRF-Token": this.#token }, watching);
    if (status >= 200 && status < 300 && answer) return answer.message;
    if (answer?.error.code === "csrf_missing" && !isSecond) {
      await this.me();
      return this.upload({ client_id, file, payload }, watching, true);
    }
    const refused = new Refused(status, answer?.error);
    if (refused.code === "unauthorized") this.onExpired();
    throw refused;
  }

  /** From now on the feed also tells about this conversation, whoever holds it. */
  watch(id) {
    if (this.#watched === id) return;
    this.#watched = id;
    this.#tell();
    this.#waiting?.abort();
  }

  async changes(after, wait, signal) {
    const watched = this.#watched;
    const waiting = new AbortController();
    this.#waiting = waiting;
    signal.addEventListener("abort", () => waiting.abort());
    const more = watched ? `&watch=${encodeURIComponent(watched)}` : "";
    try {
      return await this.#call("GET", `/changes?after=${after}&wait=${wait}${more}`, null, waiting.signal);
    } catch (error) {
      if (watched !== this.#watched) return { changes: [], cursor: after }; // asked again, with the other one
      if (error.status === 401) error.permanent = true; // the feed ends; signing in starts it again
      throw error;
    }
  }

  /** Any other call; see `Aids`. */
  call(method, path, body = null) {
    return this.#call(method, path, body);
  }

  openSocket() {
    const url = new URL(`${this.address}/live`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("open", () => this.#tell());
    return this.#socket;
  }

  #tell() {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ watch: this.#watched }));
  }

  async #call(method, path, body, signal = AbortSignal.timeout(15_000), isSecond = false) {
    const response = await fetch(this.address + path, {
      method,
      headers: body ? { "Content-Type": "application/json", "X-CSRF-Token": this.#token } : {},
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
      keepalive: method === "PUT" && JSON.stringify(body).length < LONGEST_KEPT,
      cache: "no-store",
      signal,
    });
    try {
      return await answerOf(response);
    } catch (error) {
      // Another tab signed in meanwhile: same cookie jar, another token.
      if (error.code === "csrf_missing" && !isSecond) {
        await this.me();
        return this.#call(method, path, body, AbortSignal.timeout(15_000), true);
      }
      if (error instanceof Refused && error.code === "unauthorized") this.onExpired();
      throw error;
    }
  }
}
