/** The assistant: connects what the server says, what the customer does and what the page shows. */

import { hook } from "/static/dom.js";
import { Feed } from "/static/live.js";
import { Storage } from "/static/storage.js";
import { Composer } from "./composer.js";
import { Outbox } from "./outbox.js";
import { ratingNode } from "./rating.js";
import { Reading } from "./reading.js";
import { lastOffersIn, offersIn, showReplies } from "./replies.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { Transport } from "./transport.js";
import { Viewport } from "./viewport.js";

export class Assistant {
  #feed = null;
  #feedOf = null;
  #arrivedAt = new Map(); // message id -> when it reached us, by our own clock

  constructor(root, { onUnread = () => {}, onEngaged = () => {} } = {}) {
    this.root = root;
    this.onEngaged = onEngaged;
    this.storage = new Storage("assistant.");
    this.transport = new Transport(this.storage, root.dataset.api);
    this.log = hook(root, "log");
    this.reading = new Reading({ storage: this.storage, onUnread });
    this.viewport = new Viewport(root, { onSeen: () => this.reading.isReading && this.reading.caughtUp() });
    this.status = new Status(root, {
      choose: (button) => this.choose(button),
      handoff: () => this.requestPerson(),
      again: () => this.composer.focus(),
    });
    this.timeline = new Timeline(this.log, {
      choose: (button) => this.choose(button),
      judge: (message, helpful) => this.#judge(message, helpful),
      judged: (message) => this.storage.get("judged", {})[message.id] ?? null,
      pending: (item) => ({ retry: () => this.outbox.retry(item.client_id), takeBack: () => this.#takeBack(item) }),
    });
    this.outbox = new Outbox({
      storage: this.storage,
      transport: this.transport,
      onChange: (item) => this.#pendingChanged(item),
      onSent: (item, message) => this.#sent(item, message),
    });
    this.composer = new Composer(root, { storage: this.storage, onSend: (text) => this.ask(text) });
    root.addEventListener("click", (event) => {
      const asked = event.target.closest("[data-ask]");
      if (asked) this.ask(asked.dataset.ask);
    });
    this.#resume();
  }

  ask(text) {
    this.onEngaged();
    this.outbox.add(text.trim());
    this.viewport.toEnd();
  }

  choose({ title, payload }) {
    this.outbox.add(title, payload);
    this.viewport.toEnd();
  }

  /** Asks for a person. After the end of a conversation this is a new question like any other. */
  async requestPerson() {
    this.onEngaged();
    if (this.status.of(this.transport.conversationId).status === "resolved") return this.ask("转人工");
    try {
      await this.transport.requestHandoff("customer_asked");
      this.#follow();
    } catch (error) {
      this.#notice(error.code ? error.message : "没有连上服务器，请稍后再点“转人工”。");
    }
  }

  #resume() {
    for (const item of this.outbox.items) this.timeline.showPending(item);
    if (this.transport.identity) this.#follow();
    else this.#show();
    this.outbox.flush();
  }

  /** Follows the change feed of whoever we are now. */
  #follow() {
    const token = this.transport.identity?.token;
    if (token === this.#feedOf) return this.#feed?.wake();
    this.#feed?.stop();
    this.#feedOf = token;
    this.log.setAttribute("aria-live", "off"); // history is not news
    this.root.dataset.state = "loading";
    this.#feed = new Feed({
      fetchChanges: (after, wait, signal) => this.transport.changes(after, wait, signal),
      openSocket: () => this.transport.openSocket(),
      onChanges: (changes, moment) => this.#receive(changes, moment),
      onState: (state, error) => this.#connection(state, error),
    });
    this.#feed.start(0);
  }

  #receive(changes, { live, caughtUp }) {
    const wasAtEnd = this.viewport.isAtEnd;
    let firstNew = null;
    for (const change of changes) {
      if (change.type === "status") this.status.note(change);
      this.transport.follow(change.conversation_id);
      if (change.type !== "message") continue;
      this.outbox.claim(change.message);
      const node = this.timeline.add(change.message);
      if (live) this.#arrivedAt.set(change.message.id, Date.now());
      if (node && this.reading.isNews(change, live)) {
        this.timeline.markUnread(node);
        this.reading.count();
      }
      if (live && node && change.message.author !== "customer") firstNew ??= node;
    }
    if (caughtUp) this.log.setAttribute("aria-live", "polite");
    this.#show();
    if (firstNew) this.viewport.arrived(firstNew, wasAtEnd);
    else if (!live && this.timeline.divider) this.timeline.divider.scrollIntoView({ block: "start" });
    else if (!live) this.viewport.toEnd("instant");
  }

  /** Makes everything around the messages agree with them. */
  #show() {
    const { messages } = this.timeline;
    const id = this.transport.conversationId;
    const { status, holder } = this.status.of(id);
    this.root.dataset.state = this.timeline.isEmpty ? "empty" : "talking";
    this.root.dataset.status = status;
    this.status.show(id, lastOffersIn(messages));
    const isQuiet = status !== "bot" || !this.outbox.isEmpty;
    showReplies(hook(this.root, "replies"), isQuiet ? [] : offersIn(messages), (button) => this.choose(button));
    const last = messages.at(-1);
    const since = this.#arrivedAt.get(last?.id) ?? Date.parse(last?.created_at);
    this.status.expect(status === "bot" && last?.author === "customer", since);
    this.#offerRating(id, status, holder);
  }

  #offerRating(id, status, holder) {
    const place = hook(this.root, "rating");
    const isDue = status === "resolved" && !this.storage.get("rated", []).includes(id);
    if (!isDue || place.dataset.of === id) return void (place.hidden = status !== "resolved");
    place.dataset.of = id;
    const settle = () => this.storage.set("rated", [...this.storage.get("rated", []), id].slice(-50));
    const send = async (...score) => {
      await this.transport.rate(id, ...score);
      settle();
    };
    const skip = () => {
      settle();
      place.hidden = true;
    };
    place.replaceChildren(ratingNode(holder?.name ?? "智能助手", send, skip));
    place.hidden = false;
  }

  async #judge(message, helpful) {
    await this.transport.judge(message, helpful);
    this.storage.set("judged", { ...this.storage.get("judged", {}), [message.id]: helpful });
  }

  #pendingChanged(item) {
    this.timeline.showPending(item);
    this.timeline.liftUnread();
    this.#show();
  }

  #sent(item, message) {
    this.timeline.removePending(item.client_id);
    this.#arrivedAt.set(message.id, Date.now());
    this.timeline.add(message);
    this.transport.follow(message.conversation_id);
    this.#notice("");
    this.#show();
    this.#follow();
  }

  #takeBack(item) {
    this.outbox.discard(item.client_id);
    this.timeline.removePending(item.client_id);
    this.composer.write(item.text);
    this.composer.focus();
    this.#show();
  }

  #connection(state, error) {
    hook(this.root, "offline").hidden = state !== "offline";
    if (state === "online") this.outbox.retryAll();
    if (state !== "refused") return;
    // The server no longer knows us (a new database, an expired token): begin anew, keep what is unsent.
    this.transport.forget();
    this.#feedOf = null;
    this.timeline.clear();
    this.#notice(error.isStranger ? "之前的会话已失效，您可以直接开始新的咨询。" : error.message);
    this.#show();
  }

  #notice(text) {
    hook(this.root, "notice").textContent = text;
  }
}
