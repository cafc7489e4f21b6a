/** The conversation that lies open: its head, its line of time, and everything around it. */

import { hook } from "/static/dom.js";
import { Head } from "./head.js";
import { Looking } from "./looking.js";
import { Panes } from "./panes.js";
import { showReach } from "./reach.js";
import { Scroller } from "./scroller.js";
import { Strip } from "./strip.js";
import { Timeline } from "./timeline.js";

export class Talk {
  #id = null;
  #isShown = false;

  constructor(root, parts) {
    const { api } = Object.assign(this, parts); // api, conversations, outbox, composer, acts, side, suggestions, cases, open, onSeen
    const take = (detail) => detail.conversation.id === this.#id && (this.#isShown ? this.#takeIn(detail) : this.#showWhole(detail));
    this.looking = new Looking({ read: () => api.conversation(this.#id), take });
    this.panes = new Panes(root, { again: () => this.openOne(this.#id, this.from) });
    this.head = new Head(root, parts);
    this.strip = new Strip(root, parts);
    this.notice = hook(root, "notice");
    this.scroller = new Scroller(root, { onSeen: () => this.#saw() });
    this.timeline = new Timeline(hook(root, "log"), (item) => ({
      retry: () => this.outbox.retry(item.client_id),
      takeBack: () => this.#takeBack(item),
    }), this.api);
    document.addEventListener("visibilitychange", () => this.#isShown && this.scroller.isAtEnd && this.#saw());
  }

  get id() {
    return this.#id;
  }

  /** @param from the one to lead back to, when this is an earlier one @param messageId what to look at first */
  async openOne(id, from = null, messageId = null) {
    this.#id = id;
    this.#isShown = false;
    this.looking.stop();
    this.from = from;
    this.say("");
    this.panes.wait();
    this.onOpen?.(id);
    this.api.watch(id); // before reading, so that nothing falls between
    const told = await this.api.conversation(id).then((detail) => ({ detail }), (error) => ({ error }));
    if (this.#id !== id || this.#isShown) return;
    if (told.detail) return this.#showWhole(told.detail, messageId);
    this.side.clear();
    this.panes.showFailure(told.error);
    this.looking.failed(told.error);
  }

  /** Follows one change of the feed. */
  receive(change, live) {
    if (change.conversation_id !== this.#id) return;
    if (!this.#isShown) return this.refresh(); // what is on its way may be older
    if (change.type === "delivery") return this.timeline.deliveries.note(change);
    if (change.type === "message") this.#add(change.message, live);
    const calls = change.type !== "message" || ["customer", "system"].includes(change.message.author);
    if (calls) this.refresh();
  }

  /** Looks at the whole again soon: events, drafts and suggestions come with it. */
  refresh() {
    this.looking.soon();
  }

  showPending(item) {
    if (item.payload.conversation_id !== this.#id) return;
    this.timeline.showPending(item);
    this.timeline.liftUnread();
    this.scroller.toEnd();
  }

  sent(item, message) {
    if (item.payload.conversation_id !== this.#id) return;
    this.timeline.removePending(item.client_id);
    this.#add(message, true);
  }

  /** The head and the composer, by what the list knows. */
  showHead() {
    const row = this.conversations.row(this.#id);
    if (row && this.#isShown) this.head.show(row, this.conversations.isMine(row));
  }

  say(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  #showWhole(detail, messageId) {
    const { conversation } = detail;
    const seen = conversation.read_seq;
    this.timeline.clear(conversation.customer.name);
    this.composer.open(this.#id, detail.drafts, conversation.status === "staff" && !this.conversations.isMine(conversation));
    this.suggestions.clear();
    this.#isShown = true;
    this.panes.show("talk-open");
    this.scroller.view.setAttribute("aria-live", "off"); // history is not news
    this.strip.show(this.from);
    this.#takeIn(detail);
    const unread = seen && conversation.unanswered && detail.messages.find((each) => each.seq > seen && each.author === "customer");
    const node = unread && this.timeline.node(unread.id);
    if (node) this.timeline.markUnread(node);
    for (const item of [...this.outbox.items, ...(this.files?.items ?? [])]) if (item.payload.conversation_id === this.#id) this.timeline.showPending(item);
    this.scroller.toEnd();
    if (node && node.offsetTop < this.scroller.view.scrollTop) this.scroller.to(node);
    if (messageId) this.scroller.point(this.timeline.node(messageId));
    requestAnimationFrame(() => this.scroller.view.setAttribute("aria-live", "polite"));
  }

  #takeIn(detail) {
    const wasAtEnd = this.scroller.isAtEnd;
    this.conversations.put(detail.conversation, detail.cursor);
    for (const event of detail.events) this.timeline.addEvent(event);
    if (detail.feedback) this.timeline.addEvent({ ...detail.feedback, transition: "feedback" });
    const news = detail.messages.filter((message) => this.timeline.add(message));
    for (const part of [this.side, this.enterprise, this.erasing, this.suggestions, this.similar, this.cases]) part.show(detail);
    this.composer.take(this.#id, detail.drafts);
    showReach(document.querySelector("[data-reach]"), detail.reach);
    this.showHead();
    if (wasAtEnd) this.scroller.toEnd();
    else news.forEach(() => this.scroller.arrived(false)); // the feed, which comes later, finds them shown
  }

  #add(message, live) {
    const wasAtEnd = this.scroller.isAtEnd;
    const node = this.timeline.add(message);
    if (!node) return;
    if (live && document.hidden && message.author === "customer") this.timeline.markUnread(node);
    this.scroller.arrived(wasAtEnd);
  }

  #saw() {
    if (this.#isShown && this.#id && document.visibilityState === "visible") this.onSeen(this.#id);
  }

  #takeBack(item) {
    this.outbox.discard(item.client_id);
    this.timeline.removePending(item.client_id);
    this.composer.focus(item.payload.private ? "note" : "reply");
    this.composer.insert(item.text);
  }
}
