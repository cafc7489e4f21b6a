/** Where staff write: to the customer, or a private note. Each conversation keeps a draft of both. */

import { hook } from "/static/dom.js";

const LONGEST = 2000; // the server's limit
const COUNT_FROM = 1800;
const COMPOSING_KEY = 229; // what browsers report for a key that an input method swallowed
const BLANK = /\{(?:客户姓名|单位|案件号|工号|姓名|平台名称)\}/;
const NAMES = { reply: "回复客户", note: "内部备注" };
const HAS_KEYS = window.matchMedia("(min-width: 1000px)"); // a phone has no such keys

export class Composer {
  #of = null; // the conversation
  #block = ""; // why a reply cannot be sent

  constructor(root, { drafts, onSend }) {
    this.form = hook(root, "composer");
    this.input = hook(root, "input");
    this.label = hook(root, "input-label");
    this.notice = hook(root, "input-notice");
    this.hint = hook(root, "mode-hint");
    this.button = hook(root, "send");
    this.choices = { reply: hook(root, "mode-reply"), note: hook(root, "mode-note") };
    Object.assign(this, { drafts, onSend, mode: "reply" });
    for (const [mode, choice] of Object.entries(this.choices)) choice.onchange = () => this.switchTo(mode);
    this.input.oninput = () => this.#changed();
    this.input.onkeydown = (event) => this.#keyed(event);
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.send();
    };
  }

  /** Opens the drafts of a conversation. @param kept what the server keeps of them @param isTheirs a colleague's */
  open(conversationId, kept, isTheirs) {
    this.#of = conversationId;
    this.#block = "";
    this.drafts.take(conversationId, kept);
    this.switchTo((this.#draft("note") || isTheirs) && !this.#draft("reply") ? "note" : "reply");
  }

  /** @param block why the customer cannot be answered now; empty when that is possible */
  allow(block, isOver) {
    this.#block = block;
    this.choices.reply.disabled = isOver;
    if (isOver && this.mode === "reply") this.switchTo("note");
    this.#changed();
  }

  /** Where something sent now would go, and why it could not. */
  get place() {
    const isNote = this.mode === "note";
    return { conversation_id: this.#of, private: isNote, block: isNote ? "" : this.#block };
  }

  /** Another browser wrote on: what is newer there comes into the box. */
  take(conversationId, kept) {
    if (conversationId === this.#of && this.drafts.take(conversationId, kept)) this.switchTo(this.mode);
  }

  get hasReply() {
    return Boolean(this.#draft("reply").trim());
  }

  switchTo(mode) {
    this.mode = mode;
    this.form.dataset.mode = mode;
    this.choices[mode].checked = true;
    this.label.textContent = NAMES[mode];
    this.input.placeholder = mode === "note" ? "只有工作人员看得到" : HAS_KEYS.matches ? "Enter 发送，Shift + Enter 换行" : "写给客户";
    this.button.textContent = mode === "note" ? "记下备注" : "发送回复";
    this.input.value = this.#draft(mode);
    this.#changed();
  }

  /** Puts text into the reply, after what is there; sending is left to the person. */
  insert(text) {
    if (!this.choices.reply.disabled) this.switchTo("reply");
    const before = this.input.value.trimEnd();
    this.input.value = before ? `${before}\n${text}` : text;
    this.#changed();
    this.focus();
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.input.scrollTop = this.input.scrollHeight;
  }

  /** Puts text in place of a piece of what is there; the caret stands behind it. */
  replace(start, end, text) {
    this.input.setRangeText(text, start, end, "end");
    this.#changed();
    this.focus();
  }

  focus(mode = this.mode) {
    if (mode !== this.mode && !this.choices[mode].disabled) this.switchTo(mode);
    this.input.focus({ preventScroll: true });
  }

  send() {
    const text = this.input.value.trim();
    const isReply = this.mode === "reply";
    if (!text) this.#say(isReply ? "请先写回复内容。" : "请先写备注内容。", true);
    else if (isReply && this.#block) this.#say(`${this.#block}您写的内容已存为草稿。`, true);
    else if ([...text].length > LONGEST) this.#changed();
    else if (isReply && BLANK.test(text)) this.#pointTo(BLANK.exec(this.input.value));
    else {
      this.input.value = "";
      this.#changed();
      this.onSend(text, { conversation_id: this.#of, private: !isReply });
    }
    this.input.focus({ preventScroll: true });
  }

  /** A variable that nobody filled in must not reach a customer. */
  #pointTo(blank) {
    this.#say(`请先填写或删去 ${blank[0]}，再发送。`, true);
    this.input.setSelectionRange(blank.index, blank.index + blank[0].length);
  }

  #draft(mode) {
    return this.drafts.text(mode, this.#of);
  }

  #keyed(event) {
    if (event.key !== "Enter" || event.shiftKey) return;
    // An input method uses Enter to accept a candidate; that is not "send".
    if (event.isComposing || event.keyCode === COMPOSING_KEY) return;
    event.preventDefault();
    this.send();
  }

  #changed() {
    const { value } = this.input;
    this.drafts.set(this.mode, this.#of, value);
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`; // the border is not in scrollHeight
    const blocked = this.mode === "reply" ? this.#block : "";
    this.hint.textContent = this.mode === "note" ? "客户看不到" : blocked;
    this.button.setAttribute("aria-disabled", String(!value.trim() || Boolean(blocked)));
    const length = [...value.trim()].length;
    if (length > LONGEST) this.#say(`一条最多 ${LONGEST} 字，超出 ${length - LONGEST} 字，请分成几条。`, true);
    else this.#say(length > COUNT_FROM ? `${length} / ${LONGEST} 字` : "");
  }

  #say(text, isWrong = false) {
    this.notice.textContent = text;
    this.notice.classList.toggle("is-wrong", isWrong);
    this.input.setAttribute("aria-invalid", String(isWrong));
  }
}
