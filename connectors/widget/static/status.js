/** Who speaks now: the line in the head, the strip above the composer, and the typing mark. */

import { element, hook } from "/static/dom.js";
import { staffName } from "./message.js";

const TYPING_MILLISECONDS = 12_000; // three times the longest turn; then the mark goes by itself

export class Status {
  #statuses = new Map(); // conversation id -> last status change
  #timer = null;

  constructor(root, { choose, handoff, again }) {
    this.line = hook(root, "status-line");
    this.strip = hook(root, "strip");
    this.typing = hook(root, "typing");
    this.person = hook(root, "person");
    Object.assign(this, { choose, again });
    this.person.addEventListener("click", () => handoff());
    this.show(null);
  }

  note(change) {
    this.#statuses.set(change.conversation_id, change);
  }

  of(conversationId) {
    return this.#statuses.get(conversationId) ?? { status: "bot", holder: null };
  }

  /** @param offers the buttons that the queue's notice came with */
  show(conversationId, offers = []) {
    const { status, holder } = this.of(conversationId);
    const lines = {
      bot: "随时应答，也可转人工",
      queued: "已转人工，等待工作人员接入",
      staff: `${staffName(holder)}正在为您服务`,
      resolved: "本次服务已结束",
    };
    this.line.textContent = lines[status];
    this.line.dataset.status = status;
    this.person.hidden = status === "queued" || status === "staff";
    this.strip.replaceChildren(...this.#stripOf(status, offers));
    this.strip.hidden = !this.strip.childElementCount;
  }

  #stripOf(status, offers) {
    const act = (text, onclick) => element("button", { class: "button button-small", type: "button", text, onclick });
    if (status === "queued") {
      // What was offered stays at hand however much is written while waiting.
      return [element("p", { text: "等待时可以先把情况写在这里。" }), ...offers.map((offer) => act(offer.title, () => this.choose(offer)))];
    }
    if (status === "resolved") {
      return [element("p", { text: "还有别的问题，直接输入就开始新的咨询。" }), act("再次咨询", () => this.again())];
    }
    return [];
  }

  /** Shows the typing mark while the bot owes an answer, and for a limited time only. */
  expect(isAnswerDue, since) {
    clearTimeout(this.#timer);
    const left = isAnswerDue ? TYPING_MILLISECONDS - (Date.now() - since) : 0;
    this.typing.hidden = left <= 0;
    if (left > 0) this.#timer = setTimeout(() => (this.typing.hidden = true), left);
  }
}
