/** Who speaks now: the head, the strip above the composer, and the typing mark. */

import { hook } from "/static/dom.js";
import { Announcer } from "./announcer.js";
import { staffName } from "./message.js";
import { standingWords } from "./standing.js";
import { Strip } from "./strip.js";

const BOT_MILLISECONDS = 12_000; // three times the longest turn; then the mark goes by itself

export class Status {
  #statuses = new Map(); // conversation id -> last status change, with what the queue told since
  #shown = { status: "", text: "" };
  #isEnding = false;
  #typists = new Map(); // who -> until when, by our own clock
  #timer = null;

  /** @param acts `choose(button)`, `handoff()`, `end()`, `again()` */
  constructor(root, { choose, handoff, end, again }) {
    this.name = hook(root, "name");
    this.face = hook(root, "face");
    this.line = hook(root, "status-line");
    this.typing = hook(root, "typing");
    this.typist = hook(root, "typist");
    this.person = hook(root, "person");
    this.end = hook(root, "end");
    this.announcer = new Announcer(hook(root, "announced"));
    this.strip = new Strip(hook(root, "strip"), { choose, again, end: (isMeant) => this.#end(isMeant && end) });
    this.person.addEventListener("click", () => handoff());
    this.end.addEventListener("click", () => this.#askToEnd());
    this.show(null);
  }

  note(change) {
    if (change.type === "status") {
      this.#statuses.set(change.conversation_id, change);
      this.#isEnding = false;
      this.#typists.clear(); // whoever typed may have gone
      this.#showTyping();
      return;
    }
    const { position, minutes, pace } = change;
    this.#statuses.set(change.conversation_id, { ...this.of(change.conversation_id), waiting: { position, minutes, pace } });
  }

  of(conversationId) {
    return this.#statuses.get(conversationId) ?? { status: "bot", holder: null, waiting: null };
  }

  /** @param offers the buttons that the queue's notice came with */
  show(conversationId, offers = []) {
    const now = this.of(conversationId);
    const { status, holder } = now;
    const isServed = status === "staff";
    write(this.name, isServed ? staffName(holder) : "智能助手");
    this.face.hidden = !isServed;
    write(this.face, isServed ? (holder?.name ?? "")[0] ?? "人" : "");
    write(this.line, LINES[status]);
    this.line.dataset.status = status;
    this.person.hidden = status === "queued" || isServed;
    this.end.hidden = !isServed || this.#isEnding;
    this.strip.show(now, offers, this.#isEnding);
    this.offers = offers;
    this.conversationId = conversationId;
    this.#announce(now);
  }

  #announce(now) {
    const { status } = now;
    const { title, line } = standingWords(now.waiting);
    const text = { queued: `${title}。${line}`, staff: `${staffName(now.holder)}正在为您服务` }[status] ?? LINES[status];
    const isFirst = this.#shown.status === "";
    const isOther = this.#shown.status !== status;
    if (text !== this.#shown.text && !isFirst) this.announcer.say(text, { isUrgent: isOther });
    this.#shown = { status, text };
  }

  #askToEnd() {
    this.#isEnding = true;
    this.show(this.conversationId, this.offers);
    this.strip.place.querySelector("button")?.focus();
  }

  #end(act) {
    this.#isEnding = false;
    this.show(this.conversationId, this.offers);
    if (act) act();
    else this.end.focus();
  }

  /** The bot owes an answer since then, or owes none. */
  expect(isAnswerDue, since) {
    this.#mark("智能助手", isAnswerDue ? since + BOT_MILLISECONDS : 0);
  }

  /** A person types: shown for so many seconds, whatever becomes of the sender. */
  typed({ conversation_id, seconds }) {
    const { status, holder } = this.of(conversation_id);
    if (status === "staff" && conversation_id === this.conversationId) this.#mark(staffName(holder), Date.now() + seconds * 1000);
  }

  /** What a person typed has come. */
  arrived(message) {
    if (message.author === "staff") this.#mark(staffName(message.staff), 0);
  }

  #mark(who, until) {
    this.#typists.set(who, until);
    this.#showTyping();
  }

  #showTyping() {
    clearTimeout(this.#timer);
    const now = Date.now();
    const typing = [...this.#typists].filter(([, until]) => until > now);
    this.typing.hidden = typing.length === 0;
    if (!typing.length) return;
    const [[who, until]] = typing;
    this.typing.dataset.who = who === "智能助手" ? "bot" : "staff";
    write(this.typist, who === "智能助手" ? "智能助手正在回复" : `${who}正在输入`);
    this.#timer = setTimeout(() => this.#showTyping(), until - now);
  }
}

const LINES = {
  bot: "随时应答，也可转人工",
  queued: "已转人工，等待工作人员接入",
  staff: "正在为您服务",
  resolved: "本次服务已结束",
};

/** Writes only what is new: what is written again would be read out again. */
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
