/** The widget API as functions. Who we are (conversation and token) is kept in the browser. */

import { sendFile } from "/static/uploads.js";

const PASSING = new Set([408, 425, 429]);

/** The server said no, in words for the customer. `permanent`: asking again will not help. */
export class Refused extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter; // seconds, when we were too fast
    this.status = status;
    this.code = code;
    this.permanent = status < 500 && !PASSING.has(status);
  }

  /** The server does not know this conversation or token (any more). */
  get isStranger() {
    return this.status === 401 || this.status === 404;
  }
}

export class Transport {
  #opening = null;

  constructor(storage, address) {
    this.storage = storage;
    this.address = address;
  }

  get identity() {
    return this.storage.get("identity");
  }

  get conversationId() {
    return this.identity?.current ?? null;
  }

  /** Later messages go to this conversation; the token stays the customer's. */
  follow(conversationId) {
    const identity = this.identity;
    if (identity && identity.current !== conversationId) {
      this.storage.set("identity", { ...identity, current: conversationId });
    }
  }

  forget() {
    this.storage.remove("identity");
  }

  /** Opens a conversation once, however many ask at the same time. */
  ensureConversation() {
    if (this.identity) return Promise.resolve(this.identity);
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #open() {
    const opened = await this.#call("POST", "", { locale: "zh-CN" }, { anonymous: true });
    // Another tab may have been faster: one customer, one conversation.
    if (!this.identity) {
      this.storage.set("identity", {
        id: opened.conversation_id,
        current: opened.conversation_id,
        token: opened.token,
      });
    }
    return this.identity;
  }

  async send({ client_id, text, payload }) {
    await this.ensureConversation();
    const body = payload ? { client_id, text, payload } : { client_id, text };
    return (await this.#call("POST", `/${this.conversationId}/messages`, body)).message;
  }

  /** Sends a file; see `Uploads`. */
  async upload({ client_id, file }, watching) {
    await this.ensureConversation();
    const query = new URLSearchParams({ client_id, name: file.name });
    const headers = { Authorization: `Bearer ${this.identity.token}` };
    const { status, answer } = await sendFile(`${this.address}/${this.conversationId}/attachments?${query}`, file, headers, watching);
    if (status >= 200 && status < 300 && answer) return answer.message;
    throw new Refused(status, answer?.error.code ?? "unreadable", answer?.error.message ?? "服务暂时没有应答，请稍后再试。");
  }

  /** Where this browser may load a file from, for some minutes. */
  async linkTo({ id }) {
    return (await this.#call("GET", `/${this.identity.id}/attachments/${id}/link`)).url;
  }

  changes(after, wait, signal) {
    return this.#call("GET", `/${this.identity.id}/changes?after=${after}&wait=${wait}`, null, { signal });
  }

  async requestHandoff(reason = "") {
    await this.ensureConversation();
    return this.#call("POST", `/${this.conversationId}/handoff`, { reason });
  }

  typing() {
    return this.#call("POST", `/${this.conversationId}/typing`);
  }

  rate(conversationId, score, tags, comment) {
    return this.#call("POST", `/${conversationId}/feedback`, { score, tags, comment });
  }

  judge(message, helpful, comment = "") {
    const body = { message_id: message.id, helpful, comment };
    return this.#call("POST", `/${message.conversation_id ?? this.conversationId}/feedback`, body);
  }

  /** A browser cannot set headers on a WebSocket, so the token travels as a subprotocol. */
  openSocket() {
    if (!this.identity || !("WebSocket" in window)) return null;
    const url = new URL(`${this.address}/${this.identity.id}/live`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    return new WebSocket(url, ["bearer", this.identity.token]);
  }

  async #call(method, path, body, { signal = AbortSignal.timeout(15_000), anonymous = false } = {}) {
    const headers = {};
    if (!anonymous) headers.Authorization = `Bearer ${this.identity?.token ?? ""}`;
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(this.address + path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : undefined,
      credentials: "omit",
      cache: "no-store",
      signal,
    });
    const answer = await response.json().catch(() => null);
    if (!response.ok || answer === null) {
      const { code = "unreadable", message = "服务暂时没有应答，请稍后再试。", retry_after_seconds: wait } = answer?.error ?? {};
      throw new Refused(response.ok ? 502 : response.status, code, message, wait);
    }
    return answer;
  }
}
