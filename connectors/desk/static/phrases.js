/** “/” in the reply: one's own phrases, the team's, and published entries, put in as text. */

import { element } from "/static/dom.js";

const ASKED = /(?:^|[\s，。；！？、,;])\/([^\n/]{0,30})$/;
const LONGEST = 30; // what is longer is a sentence
const ASK_MILLISECONDS = 120;
const SOURCES = { own: "我的", team: "团队", faq: "知识" };
const BLANK = /\{[^{}\n]{1,20}\}/;

export class Phrases {
  #asking = 0;
  #timer = null;
  #anchor = -1; // where a “/” stands that was put there to ask, whatever stands before it
  #left = ""; // what was typed when the choices were left with Esc

  constructor({ api, composer, popup, manage }) {
    Object.assign(this, { api, composer, popup, manage });
    composer.input.addEventListener("input", (event) => event.isComposing || this.#typed());
    composer.input.addEventListener("compositionend", () => this.#typed());
  }

  /** Opens the choices as if “/” had been typed. */
  open() {
    this.composer.focus("reply");
    if (this.composer.mode !== "reply") return;
    const { selectionStart: start, selectionEnd: end } = this.composer.input;
    if (this.#asked() === null) {
      this.#anchor = start;
      this.composer.replace(start, end, "/");
    }
    this.#left = "";
    this.#ask();
  }

  #typed() {
    const asked = this.#asked();
    clearTimeout(this.#timer);
    this.#asking += 1;
    if (asked === null || (this.#left && asked.startsWith(this.#left))) {
      if (asked === null) this.#left = "";
      return void this.popup.hide();
    }
    this.#timer = setTimeout(() => this.#ask(), ASK_MILLISECONDS);
  }

  /** What stands after the “/” before the caret; null when there is none. */
  #asked() {
    const { input, mode } = this.composer;
    if (mode !== "reply") return null;
    const before = input.value.slice(0, input.selectionStart);
    const forced = before[this.#anchor] === "/" ? before.slice(this.#anchor + 1) : "\n";
    if (!forced.includes("\n") && forced.length <= LONGEST) return forced;
    this.#anchor = -1;
    return ASKED.exec(before)?.[1] ?? null;
  }

  async #ask() {
    const asked = this.#asked();
    if (asked === null) return;
    const asking = (this.#asking += 1);
    const offers = await this.api.offers(asked.trim(), this.composer.place.conversation_id).catch(() => null);
    if (!offers || asking !== this.#asking) return;
    // A sentence that happens to hold a “/” is not a question.
    if (!offers.length && asked.length > 8) return void this.popup.hide();
    this.popup.show(offers.map((offer) => ({ node: offerNode(offer), value: offer })), {
      label: "常用语和知识",
      words: "没有这样的常用语。可以输入快捷词、拼音首字母或标题里的字。",
      choose: (offer) => this.#put(offer),
      leave: () => {
        clearTimeout(this.#timer);
        this.#asking += 1; // what is on its way would bring back what was left
        this.#left = this.#asked() || "/";
        this.#anchor = -1;
      },
      foot: [
        element("span", { class: "quiet", text: "↑ ↓ 选择，Enter 放入，Esc 关闭" }),
        element("button", { class: "link", type: "button", text: "管理常用语", onclick: () => this.#manage() }),
      ],
    });
  }

  #manage() {
    this.popup.hide();
    this.composer.focus();
    this.manage();
  }

  #put(offer) {
    const asked = this.#asked(); // typed on, perhaps, since this was offered
    this.#anchor = -1;
    const { input } = this.composer;
    const end = input.selectionStart;
    const start = asked === null ? end : end - asked.length - 1;
    this.composer.replace(start, end, offer.text);
    const blank = BLANK.exec(input.value.slice(start));
    if (blank && blank.index < offer.text.length) input.setSelectionRange(start + blank.index, start + blank.index + blank[0].length);
    this.api.countUse(offer.key).catch(() => {}); // only the order of what is offered depends on it
  }
}

function offerNode(offer) {
  return element(
    "span",
    { class: "phrase-row" },
    element("span", { class: "phrase-title" }, offer.shortcut ? element("kbd", { text: `/${offer.shortcut}` }) : null, offer.shortcut ? " " : null, offer.title, " ", element("span", { class: "tag", text: SOURCES[offer.source] })),
    element("span", { class: "phrase-text", text: offer.text }),
  );
}
