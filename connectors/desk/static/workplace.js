/** The three columns of one member of staff, and how news travels between them. */

import { Outbox } from "/static/outbox.js";
import { Storage } from "/static/storage.js";
import { Acts } from "./acts.js";
import { Aids } from "./aids.js";
import { Assistance } from "./assistance.js";
import { Cases } from "./cases.js";
import { Composer } from "./composer.js";
import { Conversations } from "./conversations.js";
import { Drafts } from "./drafts.js";
import { leftColumn } from "./left.js";
import { Reading } from "./reading.js";
import { Side } from "./side.js";
import { Suggestions } from "./suggestions.js";
import { Talk } from "./talk.js";
import { Views } from "./views.js";

export class Workplace {
  constructor(root, { api, staff, team, say }) {
    Object.assign(this, { root, api, say });
    const storage = new Storage(`desk.${staff.username}.`);
    const aids = new Aids(api);
    this.reading = new Reading({ api: aids, onKept: () => this.aids.mentions.readOn() });
    this.conversations = new Conversations({ staff, reading: this.reading });
    this.drafts = new Drafts({ api: aids, storage, onKept: (id, has) => this.conversations.mark(id, { has_draft: has }) && this.list.show() });
    this.views = new Views(root, { onList: () => this.list.focus() });
    this.outbox = new Outbox({
      storage,
      transport: { send: (item) => api.send(item) },
      onChange: (item) => this.talk.showPending(item),
      onSent: (item, message) => this.sent(item, message),
    });
    this.composer = new Composer(root, { drafts: this.drafts, onSend: (text, where) => this.outbox.add(text, where) });
    this.acts = new Acts(root, {
      api,
      asks: team.asks,
      supervises: team.supervises,
      say,
      onDone: (verb, conversation) => this.changed(verb, conversation),
      onRefused: (id, words) => this.#refused(id, words),
    });
    this.side = new Side(root, { open: (id) => this.open(id, this.talk.from ?? this.talk.id) });
    this.suggestions = new Suggestions(root, { api, insert: (text) => this.insert(text) });
    this.cases = new Cases(root, { api, say, onMoved: () => this.talk.refresh() });
    this.talk = new Talk(root, {
      api,
      conversations: this.conversations,
      outbox: this.outbox,
      composer: this.composer,
      acts: this.acts,
      side: this.side,
      suggestions: this.suggestions,
      cases: this.cases,
      open: (id) => this.open(id),
      onSeen: (id) => { this.conversations.see(id); this.#show(); },
    });
    Object.assign(this, leftColumn(root, {
      api,
      conversations: this.conversations,
      storage,
      open: (id) => this.open(id),
      accept: (id) => this.acts.run("accept", id),
      onLoaded: () => this.#show(),
      openId: () => this.talk.id,
      say,
    }));
    this.aids = new Assistance(root, { api: aids, me: staff, work: this, say });
    Object.assign(this.talk, { similar: this.aids.similar, enterprise: this.aids.enterprise, erasing: team.erasing });
  }

  /** The lists that are always known, and the conversation that was open before a reload. */
  async load() {
    await this.lists.load(["queued", "staff"]).catch(() => {}); // the list itself shows the failure
    const isQuiet = !this.conversations.list("queue").length && this.conversations.list("mine").length;
    await this.list.choose(isQuiet ? "mine" : this.list.name);
    if (this.views.linked && !this.talk.id) this.open(this.views.linked);
    this.news.showTitle();
    this.aids.mentions.look();
  }

  open(id, from = null, messageId = null) {
    this.views.openTalk(id);
    this.list.mark(id);
    return this.talk.openOne(id, from, messageId);
  }

  receive(changes, { live }) {
    for (const change of changes) {
      // The feed may bring our own words before the answer to our request does.
      if (change.type === "message") for (const ours of [this.outbox, this.talk.files]) ours.claim(change.message);
      const isNew = change.type === "message" && change.message.seq > (this.conversations.row(change.conversation_id)?.last_seq ?? 0);
      this.lists.askAgain(this.conversations.note(change));
      this.talk.receive(change, live);
      this.aids.mentions.receive(change, live);
      if (live && isNew) this.news.announce(change, this.talk.id);
    }
    this.#show();
  }

  connected() {
    this.outbox.retryAll();
    this.drafts.saveAll();
    this.reading.report();
    this.talk.looking.retry();
    if (this.list.failure) this.list.choose(this.list.name);
  }

  sent(item, message) {
    this.talk.sent(item, message);
    this.conversations.note({ type: "message", conversation_id: message.conversation_id, message });
    this.#show();
  }

  /** We have done this with a conversation. */
  async changed(verb, conversation) {
    this.conversations.put(conversation);
    this.#show();
    if (!["accept", "take_over"].includes(verb)) return this.talk.refresh();
    if (this.list.name === "queue" && !this.conversations.list("queue").length) this.list.choose("mine");
    if (this.talk.id === conversation.id) this.talk.refresh();
    else await this.open(conversation.id);
    // The news may be faster than the answer: who writes already, a note perhaps, goes on there.
    if (this.composer.form.contains(document.activeElement)) return;
    // On a phone the keyboard would cover what one wants to read first.
    this.composer.switchTo("reply");
    if (!this.views.isNarrow) this.composer.focus();
  }

  #refused(id, words) {
    if (this.talk.id !== id) this.open(id).then(() => this.talk.say(words));
    else this.talk.say(words);
    this.lists.askAgain(["queued", "staff"]);
  }

  /** Puts an answer into the reply; sending is left to the person. */
  insert(text) {
    if (this.views.isNarrow) this.root.dataset.view = "talk";
    this.composer.insert(text);
    this.say("已放入回复框，还没有发送。");
  }

  #show() {
    this.list.show();
    this.talk.showHead();
    this.news.showTitle();
  }
}
