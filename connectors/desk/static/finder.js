/** Looking up conversations: words, who served, how it stands, and when. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";
import { staffName } from "./words.js";

const ASK_MILLISECONDS = 350;
const SHORTEST = 2; // one character finds everything

export class Finder {
  #asking = 0;
  #timer = null;

  /** @param onAsked what is shown is ours from now on */
  constructor(root, { api, found, onAsked }) {
    Object.assign(this, { api, found, onAsked });
    this.input = hook(root, "find-input");
    this.options = hook(root, "find-options");
    this.toggle = hook(root, "find-toggle");
    this.fields = { staff: hook(root, "find-staff"), status: hook(root, "find-status"), since: hook(root, "find-since"), until: hook(root, "find-until") };
    this.toggle.onclick = () => this.#unfold(this.options.hidden);
    hook(root, "find").onsubmit = (event) => {
      event.preventDefault();
      this.ask();
    };
    this.input.oninput = (event) => {
      clearTimeout(this.#timer);
      if (!this.input.value.trim()) this.#isEmpty && this.found.isOpen && this.found.close();
      else if (!event.isComposing && this.input.value.trim().length >= SHORTEST) this.#timer = setTimeout(() => this.ask(), ASK_MILLISECONDS);
    };
    this.input.addEventListener("compositionend", () => this.input.oninput({ isComposing: false }));
    this.input.onkeydown = (event) => {
      if (event.key !== "ArrowDown" || !this.found.isOpen) return;
      event.preventDefault();
      this.found.step(1);
    };
    for (const field of Object.values(this.fields)) field.onchange = () => this.#isEmpty || this.ask();
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#asking += 1;
    this.input.value = "";
    for (const field of Object.values(this.fields)) field.value = "";
    this.#unfold(false);
  }

  async ask() {
    clearTimeout(this.#timer);
    if (this.#isEmpty) return void this.input.focus();
    this.onAsked();
    const asking = (this.#asking += 1);
    const text = this.input.value.trim();
    const asked = Object.fromEntries(Object.entries(this.fields).map(([name, field]) => [name, field.value]));
    const waiting = setTimeout(() => this.found.say("正在查找…"), 300);
    try {
      const hits = await this.api.search({ text, ...asked });
      if (asking === this.#asking) this.found.showHits(hits, text.split(/\s+/));
    } catch (error) {
      if (asking === this.#asking) this.found.say("没能查找", wordsFor(error));
    } finally {
      clearTimeout(waiting);
    }
  }

  get #isEmpty() {
    return !this.input.value.trim() && Object.values(this.fields).every((field) => !field.value);
  }

  async #unfold(isOpen) {
    this.options.hidden = !isOpen;
    this.toggle.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen || this.fields.staff.options.length > 1) return;
    const colleagues = await this.api.colleagues().catch(() => []);
    this.fields.staff.append(...colleagues.map((each) => element("option", { value: each.username, text: staffName(each) })));
  }
}
