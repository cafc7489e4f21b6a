/** The list of cases, over everything: looked through, unfolded, moved on; it follows what happens. */

import { element, hook } from "/static/dom.js";
import { CaseCalls } from "./casecalls.js";
import { CaseFilters } from "./casefilters.js";
import { CaseRows } from "./caserows.js";
import { wordsFor } from "./refused.js";
import { setServerTime } from "./waiting.js";

const SOON_MILLISECONDS = 800; // several changes in a row are one look
const TELLING = new Set(["case", "feedback"]);
const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };

export class CaseBook {
  #asking = 0;
  #pages = 1;
  #more = null;
  #timer = null;

  /** @param open shows the conversation of a case, and the case beside it */
  constructor(page, { api, say, open, supervises, storage }) {
    this.api = api;
    this.dialog = hook(page, "book");
    this.state = hook(page, "book-state");
    this.place = hook(page, "book-place");
    this.skeleton = hook(page, "book-skeleton");
    this.hint = hook(page, "book-hint");
    this.moreButton = hook(page, "book-more");
    this.filters = new CaseFilters(page, { supervises, storage, onChange: () => this.#anew() });
    this.calls = new CaseCalls(page, { api, onTold: (words) => (this.state.textContent = words) });
    const leave = (...where) => {
      this.dialog.close();
      open(...where);
    };
    this.rows = new CaseRows(page, { api, say, open: leave, onMoved: () => this.#again(0) });
    this.calls.button.onclick = () => this.show();
    this.moreButton.onclick = () => {
      this.#pages += 1;
      this.#load();
    };
    hook(page, "book-close").onclick = () => this.dialog.close();
    this.dialog.onkeydown = (event) => this.#keyed(event);
    document.addEventListener("visibilitychange", () => document.hidden || this.#again(0));
  }

  /** Signed in: from now on its button says how many call for somebody. */
  start() {
    this.calls.soon(0);
  }

  async show() {
    this.dialog.showModal();
    this.calls.soon(0);
    await this.#load();
    this.rows.step(1);
  }

  /** Follows the feed. */
  receive(changes) {
    if (!changes.some((change) => TELLING.has(change.type))) return;
    this.calls.soon();
    this.#again(SOON_MILLISECONDS);
  }

  #again(after) {
    clearTimeout(this.#timer);
    if (this.dialog.open) this.#timer = setTimeout(() => this.#load(), after);
  }

  #anew() {
    this.#pages = 1;
    this.rows.fold();
    this.place.scrollTop = 0;
    this.#load();
  }

  /** All pages that are shown, as they are now. */
  async #load() {
    const asking = (this.#asking += 1);
    const waiting = setTimeout(() => (this.skeleton.hidden = this.rows.count > 0), 300);
    try {
      const found = await this.#pagesOf(asking);
      if (found) this.#show(found);
    } catch (error) {
      if (asking === this.#asking) this.#failed(error);
    } finally {
      clearTimeout(waiting);
      if (asking === this.#asking) this.skeleton.hidden = true;
    }
  }

  /** @returns null when something else is wanted by now */
  async #pagesOf(asking) {
    const found = [];
    let after = null;
    for (let page = 0; page < this.#pages && (after || page === 0); page += 1) {
      const asked = new URLSearchParams([...this.filters.asked, ...(after ? [["after", after]] : [])]);
      const told = await this.api.call("GET", `/cases?${asked}`);
      if (asking !== this.#asking) return null;
      setServerTime(told.now);
      found.push(...told.cases);
      after = told.more;
    }
    this.#more = after;
    return found;
  }

  #show(found) {
    this.rows.fill(found);
    this.moreButton.hidden = !this.#more;
    this.hint.hidden = this.rows.count > 0;
    if (this.hint.hidden) return;
    const { isOn, chosen } = this.filters;
    if (isOn && chosen.scope === "mine") this.#explain("您手上没有符合条件的工单", "接待过的客户的工单、您推进过的工单列在“我的”里。", ["看全部工单", () => this.filters.clear()]);
    else if (isOn) this.#explain("没有符合条件的工单", "换个说法，或放宽条件。只能查到您有权查看的工单。", ["清除条件", () => this.filters.clear()]);
    else this.#explain("没有未办结的工单", "客户提交需求、留言、投诉，或评了低分，会列在这里。");
  }

  #failed(error) {
    if (this.rows.count) return void (this.state.textContent = `没能更新：${wordsFor(error)}`);
    this.hint.hidden = false;
    this.#explain("没能读取工单", wordsFor(error), ["重新读取", () => this.#load()]);
  }

  #explain(title, words, act = null) {
    const button = act && element("button", { class: "button button-small", type: "button", text: act[0], onclick: act[1] });
    this.hint.replaceChildren(element("p", { class: "hint-title", text: title }), element("p", { text: words }), button ?? "");
  }

  #keyed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    const isWriting = target.matches("textarea, select, input");
    const leavesSearch = target === this.filters.text && key === "ArrowDown";
    if (isWriting && !leavesSearch) return;
    if (key.toLowerCase() === "s") this.filters.text.focus();
    else if (STEPS[key]) this.rows.step(STEPS[key]);
    else return;
    event.preventDefault();
  }
}
