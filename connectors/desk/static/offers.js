/** What must not be missed: conversations on their way between colleagues, and those whose time has come. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";
import { categoryName, receiverName, staffName } from "./words.js";

const STANDS_MILLISECONDS = 30_000; // the server ends it; this is only what one sees
const ENDS = {
  accepted: (name) => `${name}已接手，会话不再由您接待。`,
  refused: (name) => `${name}没有接手，会话仍由您接待。`,
  expired: (name) => `${name}没有在 30 秒内回应，会话仍由您接待。`,
};

export class Offers {
  #cards = new Map(); // conversation id -> {node, until, count, bar}
  #timer = null;

  constructor(root, { api, mine, row, open, sound, say, onTaken }) {
    this.place = hook(root, "offers");
    Object.assign(this, { api, mine, row, open, sound, say, onTaken });
  }

  /** What stands when a page was opened, and with each sign of life. */
  standing(offers) {
    for (const offer of offers) this.note(offer.conversation_id, offer, true);
  }

  /** Follows one change of the feed. */
  receive(change) {
    if (change.type === "transfer") this.note(change.conversation_id, change.transfer, (change.members ?? []).includes(this.mine));
    if (change.type === "postponed" && change.cause === "due" && change.holder?.username === this.mine) {
      this.#tell(change.conversation_id, change.note ? `该处理了：${change.note}` : "稍后处理的时间到了。");
    }
    if (change.type === "requeued" && change.from.username === this.mine) {
      this.#tell(change.conversation_id, "客户等了很久没有您的回复，会话已放回排队。");
    }
    if (change.type === "taken_over" && change.from?.username === this.mine) {
      this.#tell(change.conversation_id, `${staffName(change.by)}接过了您接待的会话。`);
    }
  }

  note(id, offer, isForUs) {
    const isOurs = offer.from.username === this.mine;
    const isKnown = this.#cards.has(id);
    if (!isOurs && !isForUs && !isKnown) return;
    if (offer.state === "open") {
      if (!this.#cards.get(id)?.until) this.#show(id, offer, isForUs);
      return;
    }
    const words = isOurs && ENDS[offer.state]?.(receiverName(offer));
    this.#close(id);
    if (words) this.#tell(id, words, offer.state === "expired" ? offer.group : null);
    else if (isKnown && !isOurs && offer.to?.username !== this.mine) this.say(offer.state === "accepted" ? "同事已经接手。" : "对方的转接已经结束。");
  }

  #show(id, offer, isForUs) {
    const count = element("span", { class: "figures" });
    const bar = element("progress", { class: "offer-bar", max: 30, "aria-label": "还剩的秒数" });
    const words = isForUs ? `${staffName(offer.from)}请您接手` : `等${receiverName(offer)}接手`;
    const act = (text, look, verb) => element("button", { class: `button button-small ${look}`, type: "button", text, onclick: () => this.#answer(id, verb) });
    const acts = isForUs ? [act("接受", "button-primary", "accept"), act("不接", "", "refuse")] : [act("撤回", "", "withdraw")];
    const node = element(
      "section",
      { class: "offer-card", "aria-label": words, ...(isForUs && { role: "alert" }) },
      element("p", { class: "offer-title" }, words),
      element("p", { class: "quiet" }, this.#about(id)),
      bar,
      element("p", { class: "offer-acts" }, count, ...acts),
    );
    this.#put(id, { node, until: Date.now() + STANDS_MILLISECONDS, count, bar, isForUs });
    this.#tick();
    if (isForUs) this.sound("offer");
  }

  #about(id) {
    const row = this.row(id);
    return row ? [row.customer.name, categoryName(row.category), row.first_words].filter(Boolean).join(" · ") : "一个会话";
  }

  async #answer(id, verb) {
    const card = this.#cards.get(id);
    for (const button of card.node.querySelectorAll("button")) button.disabled = true;
    try {
      const answer = await this.api.act(id, `transfer/${verb}`, {});
      this.#close(id);
      if (verb === "accept") this.onTaken(answer.conversation);
    } catch (error) {
      this.#close(id);
      this.#tell(id, wordsFor(error));
    }
  }

  /** @param group whose queue it may go to, because nobody there took it */
  #tell(id, words, group = null) {
    const away = element("button", { class: "button button-small", type: "button", text: "知道了", onclick: () => this.#close(id) });
    const look = element("button", { class: "button button-small", type: "button", text: "打开会话", onclick: () => this.#close(id) ?? this.open(id) });
    const node = element("section", { class: "offer-card", role: "status" }, element("p", { class: "offer-title", text: words }), element("p", { class: "quiet" }, this.#about(id)), element("p", { class: "offer-acts" }, ...(group ? [this.#queueing(id, group)] : []), look, away));
    this.#put(id, { node });
  }

  #queueing(id, group) {
    const queue = async () => {
      this.#close(id);
      await this.api.act(id, "transfer", { to: `group:${group}`, queue: true }).catch((error) => this.#tell(id, wordsFor(error)));
    };
    return element("button", { class: "button button-small", type: "button", text: "放到该组排队", onclick: queue });
  }

  #put(id, card) {
    this.#close(id);
    this.#cards.set(id, card);
    this.place.append(card.node);
  }

  #close(id) {
    this.#cards.get(id)?.node.remove();
    this.#cards.delete(id);
  }

  #tick() {
    clearTimeout(this.#timer);
    const counting = [...this.#cards.entries()].filter(([, card]) => card.until);
    for (const [id, { until, count, bar, isForUs }] of counting) {
      const left = Math.ceil((until - Date.now()) / 1000);
      count.textContent = `还有 ${Math.max(0, left)} 秒`;
      bar.value = Math.max(0, left);
      if (left < -5 && isForUs) this.#close(id); // the news of its end was lost on the way
    }
    if (counting.length) this.#timer = setTimeout(() => this.#tick(), 1000);
  }
}
