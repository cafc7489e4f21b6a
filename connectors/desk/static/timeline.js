/** One conversation as one line of time: messages, events, and what is still on its way. */

import { element } from "/static/dom.js";
import { Deliveries } from "./delivery.js";
import { eventNode } from "./events.js";
import { messageNode, pendingNode } from "./message.js";

export class Timeline {
  #entries = new Map(); // key -> {at, seq, order}
  #pending = new Map(); // client_id -> node
  #divider = null;

  constructor(log, actions, api) {
    Object.assign(this, { log, actions, customer: "客户", deliveries: new Deliveries(api) });
  }

  clear(customer) {
    this.customer = customer;
    this.#entries.clear();
    this.#pending.clear();
    this.deliveries.clear();
    this.#divider = null;
    this.log.replaceChildren();
  }

  /** Puts a message where it belongs; null when it is there already. */
  add(message) {
    const node = this.#put(message.id, messageNode(message, this.customer), message.created_at, message.seq, message.author === "system" ? 2 : 0);
    if (node) this.deliveries.attach(message, node);
    else this.deliveries.know(message);
    return node;
  }

  addEvent(event) {
    const node = eventNode(event);
    return node && this.#put(`${event.transition} ${event.which ?? ""} ${event.happened_at}`, node, event.happened_at, 0, 1);
  }

  /** The element of a message; null when it is not here. */
  node(id) {
    return this.log.querySelector(`[data-key="${CSS.escape(id)}"]`);
  }

  showPending(item) {
    const node = element("div", { class: "entry" }, pendingNode(item, this.actions(item)));
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

  #put(key, content, at, seq, order) {
    if (this.#entries.has(key)) return null;
    const node = element("div", { class: "entry", "data-key": key }, content);
    this.#entries.set(key, { at: Date.parse(at), seq, order });
    let next = this.#pending.values().next().value ?? null;
    let before = next ? next.previousElementSibling : this.log.lastElementChild;
    while (before && isAfter(this.#entries.get(before.dataset.key), this.#entries.get(key))) {
      next = before;
      before = before.previousElementSibling;
    }
    this.log.insertBefore(node, next);
    return node;
  }
}

/** Messages follow their numbers, whatever clocks say. An event of the same moment stands between
 *  what led to it and what the customer was told of it. */
function isAfter(one, other) {
  if (one.seq && other.seq) return one.seq > other.seq;
  return one.at === other.at ? one.order > other.order : one.at > other.at;
}
