/** “@” in a private note: whom to call. */

import { element } from "/static/dom.js";
import { staffName } from "./words.js";

const ASKED = /[@＠]([^\s@＠]{0,12})$/;

export class Calling {
  #colleagues = null;

  constructor({ api, composer, popup, me }) {
    Object.assign(this, { api, composer, popup, me });
    composer.input.addEventListener("input", (event) => event.isComposing || this.#typed());
    composer.input.addEventListener("compositionend", () => this.#typed());
  }

  async #typed() {
    if (this.composer.mode !== "note") return;
    if (this.#asked() === null) return void this.popup.hide();
    this.#colleagues ??= await this.api.colleagues().catch(() => null);
    const asked = this.#asked(); // typed on while we waited
    if (asked === null || !this.#colleagues) return;
    const found = this.#colleagues.filter((each) => each.username !== this.me.username && fits(each, asked));
    if (!found.length) return void this.popup.hide();
    this.popup.show(found.map((each) => ({ node: element("span", { text: staffName(each) }), value: each })), {
      label: "要提醒的同事",
      words: "",
      choose: (each) => {
        const end = this.composer.input.selectionStart;
        this.composer.replace(end - asked.length - 1, end, `@${each.name} `);
      },
      leave: () => {},
    });
  }

  #asked() {
    const { input } = this.composer;
    return ASKED.exec(input.value.slice(0, input.selectionStart))?.[1] ?? null;
  }
}

const fits = (each, asked) => !asked || [each.name, each.number, each.username].some((name) => name.toLowerCase().startsWith(asked.toLowerCase()));
