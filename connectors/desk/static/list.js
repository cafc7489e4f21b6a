/** The left column: four tabs, their rows, and what came in meanwhile. */

import { element, hook } from "/static/dom.js";
import { fillRow, rowNode } from "./row.js";
import { Tabs } from "./tabs.js";

const EMPTY = {
  queue: ["没有人在排队", "有客户转人工时，这里和网页标题会提醒您。"],
  mine: ["您手上没有会话", "从“排队”里接入一个，或在“接待中”里接管。"],
  others: ["没有进行中的会话", "机器人和同事正在接待的会话会列在这里。"],
  resolved: ["还没有结束的会话", "结束服务后，可以在这里查看记录。"],
};

export class List {
  #nodes = new Map(); // id -> li
  #news = null;
  #timer = null;

  constructor(root, { conversations, open, accept, load }) {
    Object.assign(this, { conversations, open, accept, load, name: "queue", opened: null });
    this.tabs = new Tabs(root, { conversations, choose: (name) => this.choose(name) });
    this.place = hook(root, "rows-place");
    this.rows = hook(root, "rows");
    this.hint = hook(root, "rows-hint");
    this.skeleton = hook(root, "rows-skeleton");
    this.fresh = hook(root, "fresh");
    this.newsButton = hook(root, "news");
    this.rows.onkeydown = (event) => this.#rowKey(event);
    this.fresh.onclick = () => this.choose(this.name);
    this.newsButton.onclick = () => this.#news && this.open(this.#news);
  }

  /** Shows a tab and, for the long lists, asks for what is in it now. */
  async choose(name) {
    this.name = name;
    this.failure = null;
    this.show();
    this.place.scrollTop = 0;
    this.#timer = setTimeout(() => (this.skeleton.hidden = this.rows.childElementCount > 0), 300);
    try {
      await this.load(name);
    } catch (error) {
      if (this.name === name) this.failure = error;
    } finally {
      clearTimeout(this.#timer);
      this.skeleton.hidden = true;
    }
    this.show();
    this.isLoaded = true;
  }

  /** Brings what is shown into agreement with what is known. */
  show() {
    this.tabs.show(this.name);
    this.place.setAttribute("aria-labelledby", `tab-${this.name}`);
    const rows = this.conversations.list(this.name);
    const shown = new Set(rows.map((row) => row.id));
    for (const [id, node] of this.#nodes) if (!shown.has(id)) this.#remove(id, node);
    rows.forEach((row, place) => {
      const node = this.#nodeOf(row.id);
      if (this.rows.children[place] !== node) this.rows.insertBefore(node, this.rows.children[place] ?? null);
      fillRow(node, row, { isOpen: row.id === this.opened, isMine: this.conversations.isMine(row), unread: this.conversations.unread(row) });
    });
    this.#showHint(rows.length);
    const fresh = this.conversations.freshIn(this.name);
    this.fresh.hidden = !fresh;
    this.fresh.textContent = `有 ${fresh} 个新会话，点此显示`;
    if (this.#news && this.conversations.row(this.#news)?.status !== "queued") this.tell(null);
  }

  /** Marks the open conversation. */
  mark(id) {
    this.opened = id;
    if (id === this.#news) this.tell(null);
    this.show();
    this.#nodes.get(id)?.scrollIntoView({ block: "nearest" });
  }

  /** Says that somebody joined the queue, without moving anything; not when one sees it anyway. */
  tell(row) {
    const isNews = row && !(this.name === "queue" && this.#isInView(row.id));
    this.#news = isNews ? row.id : null;
    this.newsButton.hidden = !isNews;
    if (isNews) this.newsButton.textContent = `${row.customer.name} 开始排队：${row.first_words || "还没有说话"}`;
  }

  /** The next or previous conversation after the open one. */
  step(by) {
    const rows = this.conversations.list(this.name);
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.id === this.opened);
    const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by;
    if (rows[next]) this.open(rows[next].id);
  }

  focus() {
    (this.#nodes.get(this.opened) ?? this.rows.firstElementChild)?.firstElementChild.focus();
  }

  #isInView(id) {
    const row = this.#nodes.get(id)?.getBoundingClientRect();
    const { top, bottom } = this.place.getBoundingClientRect();
    return Boolean(row?.height) && row.top >= top && row.bottom <= bottom;
  }

  #showHint(count) {
    this.hint.hidden = count > 0 || (!this.isLoaded && !this.failure);
    const [title, text] = this.failure ? ["没能读取会话列表", "已有的会话不受影响，可以重试。"] : EMPTY[this.name];
    const retry = this.failure && element("button", { class: "button button-small", type: "button", text: "重新读取", onclick: () => this.choose(this.name) });
    this.hint.replaceChildren(element("p", { class: "hint-title", text: title }), element("p", { text }), ...(retry ? [retry] : []));
  }

  #nodeOf(id) {
    if (!this.#nodes.has(id)) this.#nodes.set(id, rowNode({ open: () => this.open(id), accept: () => this.accept(id) }));
    return this.#nodes.get(id);
  }

  #remove(id, node) {
    const hadFocus = node.contains(document.activeElement);
    const next = node.nextElementSibling ?? node.previousElementSibling;
    node.remove();
    this.#nodes.delete(id);
    if (hadFocus) (next?.firstElementChild ?? this.place).focus({ preventScroll: true });
  }

  #rowKey(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const row = event.target.closest(".row");
    const next = by > 0 ? row?.nextElementSibling : row?.previousElementSibling;
    next?.firstElementChild.focus();
  }
}
