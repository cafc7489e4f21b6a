/** The place to write: grows to five lines, never sends by accident, never loses what was typed. */

import { hook } from "/static/dom.js";

const LONGEST = 2000; // the server's limit
const COUNT_FROM = 1800;
const COMPOSING_KEY = 229; // what browsers report for a key that an input method swallowed

export class Composer {
  constructor(root, { storage, onSend, onTyping = () => {} }) {
    this.form = hook(root, "composer");
    this.input = hook(root, "input");
    this.notice = hook(root, "input-notice");
    this.button = hook(root, "send");
    Object.assign(this, { storage, onSend, onTyping });
    this.input.value ||= storage.get("draft", "");
    this.input.addEventListener("input", () => {
      this.#changed();
      this.onTyping(this.input.value);
    });
    this.input.addEventListener("keydown", (event) => this.#keyed(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    // Until now nobody would have taken what was typed.
    this.input.disabled = this.button.disabled = false;
    this.#changed();
  }

  get length() {
    return [...this.input.value.trim()].length;
  }

  send() {
    const text = this.input.value.trim();
    if (!text) {
      this.#say("请先输入您的问题。");
      this.input.focus();
      return;
    }
    if (this.length > LONGEST) {
      this.#say(`一条消息最多 ${LONGEST} 字，现在有 ${this.length} 字，请分成几条发送。`, true);
      this.input.focus();
      return;
    }
    this.write("");
    this.onSend(text);
  }

  /** Puts text into the box, for instance a message taken back; `hint` says what to do with it. */
  write(text, hint = "") {
    this.input.value = text;
    this.#changed();
    if (hint) this.#say(hint);
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  #keyed(event) {
    if (event.key !== "Enter" || event.shiftKey) return;
    // An input method uses Enter to accept a candidate; that is not "send".
    if (event.isComposing || event.keyCode === COMPOSING_KEY) return;
    event.preventDefault();
    this.send();
  }

  #changed() {
    this.storage.set("draft", this.input.value);
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`; // the border is not in scrollHeight
    this.button.setAttribute("aria-disabled", String(!this.input.value.trim()));
    const { length } = this;
    if (length > LONGEST) this.#say(`超出 ${length - LONGEST} 字，请分成几条发送。`, true);
    else this.#say(length > COUNT_FROM ? `${length} / ${LONGEST} 字` : "");
  }

  #say(text, isWrong = false) {
    this.notice.textContent = text;
    this.notice.classList.toggle("is-wrong", isWrong);
    this.input.setAttribute("aria-invalid", String(isWrong));
  }
}
