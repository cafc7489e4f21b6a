/** The conversation on the page: in order, each message once, with times and the unread divider. */

import { element } from "/static/dom.js";
import { needsTime, spokenTime } from "/static/times.js";
import { messageNode, pendingNode } from "./message.js";

export class Timeline {
  #entries = new Map(); // message id -> {message, node}
  #pending = new Map(); // client_id -> node
  #conversations = []; // in the order in which they began
  #divider = null;

  constructor(log, actions) {
    this.log = log;
    this.actions = actions;
  }

  get messages() {
    return [...this.log.querySelectorAll("[data-message]")].map((node) => this.#entries.get(node.dataset.message).message);
  }

  get isEmpty() {
    return this.#entries.size === 0 && this.#pending.size === 0;
  }

  has(message) {
    return this.#entries.has(message.id);
  }

  /** Puts a message where it belongs; null when it is there already. */
  add(message) {
    if (this.has(message)) return null;
    const node = element("div", { class: "entry", "data-message": message.id }, messageNode(message, this.actions));
    this.#entries.set(message.id, { message, node });
    const next = this.#nextOf(message);
    this.log.insertBefore(node, next);
    this.#placeHead(node);
    if (next?.dataset.message) this.#placeHead(next);
    return node;
  }

  showPending(item) {
    const node = element("div", { class: "entry" }, pendingNode(item, this.actions.pending(item)));
    const old = this.#pending.get(item.client_id);
    if (old) old.replaceWith(node);
    else this.log.append(node);
    this.#pending.set(item.client_id, node);
    return node;
  }

  removePending(clientId) {
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  clear() {
    this.log.replaceChildren(...this.#pending.values());
    this.#entries.clear();
    this.#conversations = [];
    this.#divider = null;
  }

  /** Marks where the unread begins; the first mark stays until it is lifted. */
  markUnread(node) {
    if (this.#divider) return;
    this.#divider = element("p", { class: "divider", text: "以下是新消息" });
    node.prepend(this.#divider);
  }

  liftUnread() {
    this.#divider?.remove();
    this.#divider = null;
  }

  get divider() {
    return this.#divider;
  }

  #nextOf(message) {
    let next = this.log.querySelector(".entry:not([data-message])");
    let before = next ? next.previousElementSibling : this.log.lastElementChild;
    while (before && this.#rank(this.#entries.get(before.dataset.message).message) > this.#rank(message)) {
      next = before;
      before = before.previousElementSibling;
    }
    return next;
  }

  /** Sequence numbers count within a conversation; conversations follow one another. */
  #rank(message) {
    const id = message.conversation_id ?? "";
    if (!this.#conversations.includes(id)) this.#conversations.push(id);
    return this.#conversations.indexOf(id) * 1e9 + message.seq;
  }

  /** The time where it is due, and whether the same person simply goes on. */
  #placeHead(node) {
    node.querySelector(":scope > .time")?.remove();
    const { message } = this.#entries.get(node.dataset.message);
    const earlier = this.#entries.get(node.previousElementSibling?.dataset.message)?.message;
    const isTimeDue = needsTime(earlier?.created_at, message.created_at);
    const goesOn = !isTimeDue && earlier.author === message.author && earlier.staff?.number === message.staff?.number;
    node.classList.toggle("entry-continued", goesOn);
    if (!isTimeDue) return;
    node.prepend(element("time", { class: "time", datetime: message.created_at, text: spokenTime(message.created_at) }));
  }
}
