/** The rows of the list of cases, and the one that is unfolded. */

import { element, hook } from "/static/dom.js";
import { arrange, caseNode } from "./case.js";
import { caseRow, fillCaseRow, unfoldCaseRow } from "./caserow.js";
import { wordsFor } from "./refused.js";

export class CaseRows {
  #nodes = new Map(); // number -> li
  #opened = null; // the number of the unfolded one
  #shown = ""; // what is unfolded

  /** @param open shows the conversation of a case @param onMoved one was moved on */
  constructor(page, { api, say, open, onMoved }) {
    Object.assign(this, { api, say, open, onMoved, place: hook(page, "book-rows") });
  }

  get count() {
    return this.place.childElementCount;
  }

  fill(found) {
    const opened = this.#nodes.get(this.#opened);
    const at = [...this.place.children].indexOf(opened);
    const nodes = found.map((one) => this.#nodeOf(one));
    // What one works on stays where it is, though it may no longer be what was asked for.
    if (opened && !nodes.includes(opened)) nodes.splice(at, 0, opened);
    arrange(this.place, nodes);
    for (const [number, node] of this.#nodes) if (!node.isConnected) this.#nodes.delete(number);
    if (opened) this.#unfold(this.#opened);
  }

  fold() {
    const node = this.#nodes.get(this.#opened);
    if (node) unfoldCaseRow(node, null);
    this.#opened = null;
    this.#shown = "";
  }

  /** The next or previous row after the one that has the focus. */
  step(by) {
    const rows = [...this.place.children];
    const at = rows.indexOf(document.activeElement.closest("[data-case-row]"));
    const next = at < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[at + by];
    next?.firstElementChild.focus();
  }

  #nodeOf(one) {
    const { number } = one;
    if (!this.#nodes.has(number)) this.#nodes.set(number, caseRow(number, () => this.#toggle(number)));
    const node = this.#nodes.get(number);
    fillCaseRow(node, one);
    return node;
  }

  #toggle(number) {
    const isOpened = this.#opened === number;
    this.fold();
    if (isOpened) return;
    this.#opened = number;
    this.#unfold(number);
  }

  async #unfold(number) {
    const told = await this.api.call("GET", `/cases/${encodeURIComponent(number)}`).catch((error) => ({ error }));
    const node = this.#nodes.get(number);
    const as = JSON.stringify(told.case ?? wordsFor(told.error));
    if (this.#opened !== number || this.#shown === as) return; // the same nodes stay, and what is written in them
    if (told.error && this.#shown) return; // better what was known than nothing
    this.#shown = as;
    unfoldCaseRow(node, told.error ? [element("p", { class: "case-failure", role: "alert", text: wordsFor(told.error) })] : this.#whole(told.case));
    if (told.case) fillCaseRow(node, told.case);
  }

  #whole(one) {
    const whole = caseNode(one, { api: this.api, say: this.say, onMoved: () => this.onMoved() });
    const id = one.conversation_id;
    if (!id) return [whole]; // it came from no conversation
    const lead = element("button", { class: "button button-small", type: "button", text: "打开会话", "aria-label": `打开会话：${one.number}`, onclick: () => this.open(id, one.number) });
    return [whole, element("div", { class: "case-acts" }, lead)];
  }
}
