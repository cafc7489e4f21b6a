/** The assistant: connects what the server says, what the customer does and what the page shows. */

import { hook } from "/static/dom.js";
import { Outbox } from "/static/outbox.js";
import { Storage } from "/static/storage.js";
import { Composer } from "./composer.js";
import { Files } from "./files.js";
import { Following } from "./following.js";
import { Judgements } from "./judgements.js";
import { Reading } from "./reading.js";
import { lastOffersIn, offersIn, showReplies } from "./replies.js";
import { Status } from "./status.js";
import { Survey } from "./survey.js";
import { Timeline } from "./timeline.js";
import { Transport } from "./transport.js";
import { Typist } from "./typist.js";
import { Viewport } from "./viewport.js";

export class Assistant {
  #arrivedAt = new Map(); // message id -> when it reached us, by our own clock

  constructor(root, { onUnread = () => {}, onEngaged = () => {} } = {}) {
    this.root = root;
    this.onEngaged = onEngaged;
    const storage = new Storage("assistant.");
    const transport = new Transport(storage, root.dataset.api);
    const judgements = new Judgements({ storage, transport });
    const choose = (button) => this.choose(button);
    this.transport = transport;
    this.log = hook(root, "log");
    this.reading = new Reading({ storage, onUnread });
    this.viewport = new Viewport(root, { onSeen: () => this.reading.isReading && this.reading.caughtUp() });
    this.status = new Status(root, {
      choose,
      handoff: () => this.requestPerson(),
      end: () => this.ask("结束"),
      again: () => this.composer.focus(),
    });
    this.typist = new Typist({ transport, isServed: () => this.status.of(transport.conversationId).status === "staff" });
    this.survey = new Survey(root, { storage, transport });
    this.timeline = new Timeline(this.log, {
      choose,
      judge: (...judgement) => judgements.give(...judgement),
      judged: (message) => judgements.of(message),
      addressOf: (attachment) => transport.linkTo(attachment),
      pending: (item) => ({ retry: () => this.outbox.retry(item.client_id), takeBack: () => this.#takeBack(item) }),
    });
    this.outbox = new Outbox({
      storage,
      transport,
      onChange: (item) => this.#pendingChanged(item),
      onSent: (item, message) => this.#sent(item, message),
    });
    this.files = new Files(root, {
      transport,
      onChosen: () => this.onEngaged(),
      onChange: (item) => {
        this.#pendingChanged(item);
        this.viewport.toEnd();
      },
      onSent: (item, message) => this.#sent(item, message),
      onGone: (item) => {
        this.timeline.removePending(item.client_id);
        this.#show();
      },
    });
    this.following = new Following({
      transport,
      onBegin: () => this.#begin(),
      onChanges: (changes, moment) => this.#receive(changes, moment),
      onTyping: (typing) => {
        const wasAtEnd = this.viewport.isAtEnd;
        this.status.typed(typing);
        if (wasAtEnd) this.viewport.toEnd();
      },
      onState: (state) => this.#connection(state),
      onStranger: (error) => this.#beginAnew(error),
    });
    this.composer = new Composer(root, {
      storage,
      onSend: (text) => this.ask(text),
      onTyping: (text) => this.typist.typed(text),
    });
    root.addEventListener("click", (event) => {
      const asked = event.target.closest("[data-ask]");
      if (asked) this.ask(asked.dataset.ask);
    });
    for (const item of this.outbox.items) this.timeline.showPending(item);
    this.#show();
    this.following.follow();
    this.outbox.flush();
  }

  ask(text) {
    this.onEngaged();
    this.typist.sent();
    this.outbox.add(text.trim());
    this.viewport.toEnd();
  }

  choose({ title, payload }) {
    this.onEngaged();
    this.outbox.add(title, payload);
    this.viewport.toEnd();
  }

  /** Asks for a person. After the end of a conversation this is a new question like any other. */
  async requestPerson() {
    this.onEngaged();
    if (this.status.of(this.transport.conversationId).status === "resolved") return this.ask("转人工");
    try {
      await this.transport.requestHandoff("customer_asked");
      this.#notice("");
      this.following.follow();
    } catch (error) {
      this.#notice(error.code ? error.message : "没有连上服务器，请稍后再点“转人工”。");
    }
  }

  /** The frame around us was opened or closed. */
  setOpen(isOpen) {
    const { divider } = this.timeline;
    this.reading.setOpen(isOpen);
    if (isOpen) requestAnimationFrame(() => (divider ? this.viewport.toNode(divider) : this.viewport.toEnd("instant")));
  }

  #begin() {
    this.log.setAttribute("aria-live", "off"); // history is not news
    if (this.timeline.isEmpty) this.root.dataset.state = "loading";
  }

  #receive(changes, { live, caughtUp }) {
    const wasAtEnd = this.viewport.isAtEnd;
    const arrived = [];
    for (const change of changes) {
      if (change.type === "status" || change.type === "waiting") this.status.note(change);
      this.transport.follow(change.conversation_id);
      if (change.type !== "message") continue;
      this.outbox.claim(change.message);
      this.files.claim(change.message);
      const node = this.timeline.add(change.message);
      this.status.arrived(change.message);
      if (live) this.#arrivedAt.set(change.message.id, Date.now());
      if (node && this.reading.isNews(change, live)) {
        this.timeline.markUnread(node);
        this.reading.count();
      }
      if (live && node && change.message.author !== "customer") arrived.push(node);
    }
    if (caughtUp) this.log.setAttribute("aria-live", "polite");
    this.#show();
    if (arrived.length) this.viewport.arrived(arrived, wasAtEnd);
    else if (!live && this.timeline.divider) this.viewport.toNode(this.timeline.divider);
    else if (!live) this.viewport.toEnd("instant");
  }

  /** Makes everything around the messages agree with them. */
  #show() {
    const { messages } = this.timeline;
    const id = this.transport.conversationId;
    const speaker = this.status.of(id);
    const isBot = speaker.status === "bot";
    const last = messages.at(-1);
    this.root.dataset.state = this.timeline.isEmpty ? "empty" : "talking";
    this.status.show(id, lastOffersIn(messages));
    const offers = isBot && this.outbox.isEmpty ? offersIn(messages) : [];
    showReplies(hook(this.root, "replies"), offers, (button) => this.choose(button));
    this.status.expect(isBot && last?.author === "customer", this.#arrivedAt.get(last?.id) ?? Date.parse(last?.created_at));
    this.survey.offer(messages);
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
    this.following.follow();
  }

  #takeBack(item) {
    this.outbox.discard(item.client_id);
    this.timeline.removePending(item.client_id);
    this.composer.write(item.text);
    this.composer.focus();
    this.#show();
  }

  #connection(state) {
    hook(this.root, "offline").hidden = state !== "offline";
    if (state !== "online") return;
    this.outbox.retryAll();
    this.files.retryAll();
  }

  /** The server no longer knows us (a new database, an expired token): begin anew, keep what is unsent. */
  #beginAnew(error) {
    this.transport.forget();
    this.timeline.clear();
    this.#notice(error.isStranger ? "之前的会话已失效，您可以直接开始新的咨询。" : error.message);
    this.#show();
  }

  #notice(text) {
    hook(this.root, "notice").textContent = text;
  }
}
