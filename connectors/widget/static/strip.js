/** Above the composer: where one stands in the queue, how a person's service is ended, how one goes on. */

import { element } from "/static/dom.js";
import { standingWords } from "./standing.js";

export class Strip {
  #drawn = "";
  #title = null;
  #line = null;

  /** @param acts `choose(button)`, `end()`, `again()` */
  constructor(place, acts) {
    Object.assign(this, { place, acts });
  }

  /** @param offers the buttons that the queue's notice came with @param isEnding asked to end a service */
  show({ status, waiting }, offers, isEnding) {
    const kind = isEnding && status === "staff" ? "ending" : status;
    const drawn = `${kind} ${offers.map(({ payload }) => payload)}`;
    // The same nodes stay while somebody may be about to press one of them.
    if (drawn !== this.#drawn) this.#draw(kind, offers);
    this.#drawn = drawn;
    if (kind === "queued") this.#write(standingWords(waiting));
    this.place.hidden = !this.place.childElementCount;
  }

  #draw(kind, offers) {
    this.place.dataset.kind = kind;
    this.place.replaceChildren(...this.#parts(kind, offers));
  }

  #parts(kind, offers) {
    if (kind === "queued") {
      this.#title = element("p", { class: "strip-title figures" });
      this.#line = element("p", { class: "strip-line" });
      const buttons = offers.map((offer) => act(offer.title, () => this.acts.choose(offer)));
      return [element("div", { class: "strip-words" }, this.#title, this.#line), element("div", { class: "strip-acts" }, ...buttons)];
    }
    if (kind === "ending") {
      const stop = act("结束服务", () => this.acts.end(true));
      return [
        element("p", { class: "strip-words", text: "结束后回到智能助手，需要时可以再转人工。" }),
        element("div", { class: "strip-acts" }, stop, act("继续对话", () => this.acts.end(false))),
      ];
    }
    if (kind === "resolved") {
      return [
        element("p", { class: "strip-words", text: "还有别的问题，直接输入就开始新的咨询。" }),
        element("div", { class: "strip-acts" }, act("再次咨询", () => this.acts.again())),
      ];
    }
    return [];
  }

  #write({ title, line }) {
    if (this.#title.textContent !== title) this.#title.textContent = title;
    if (this.#line.textContent !== line) this.#line.textContent = line;
  }
}

function act(text, onclick) {
  return element("button", { class: "button button-small", type: "button", text, onclick });
}
