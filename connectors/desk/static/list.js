/** The left column: four tabs, their rows, and what came in meanwhile. */

import { hook } from "/static/dom.js";
import { Hint } from "./hint.js";
import { fillRow, rowNode } from "./row.js";
import { Tabs } from "./tabs.js";
import { Telling } from "./telling.js";

export class List {
  #nodes = new Map(); // id -> li
  #timer = null;

  /** @param lists what is known of each tab, and how to get more of it */
  constructor(root, { conversations, lists, filters, open, accept }) {
    Object.assign(this, { conversations, lists, filters, open, accept, name: "queue", opened: null });
    this.tabs = new Tabs(root, { conversations, choose: (name) => this.choose(name) });
    this.place = hook(root, "rows-place");
    this.rows = hook(root, "rows");
    this.hint = new Hint(root, { again: () => this.choose(this.name), clearFilters: () => filters.clear() });
    this.telling = new Telling(root, { open: (id) => this.open(id) });
    this.skeleton = hook(root, "rows-skeleton");
    this.fresh = hook(root, "fresh");
    this.more = hook(root, "rows-more");
    this.more.onclick = () => this.#loadMore();
    this.rows.onkeydown = (event) => this.#rowKey(event);
    this.fresh.onclick = () => this.choose(this.name);
  }

  /** Shows a tab and, for the long lists, asks for what is in it now. */
  async choose(name) {
    this.name = name;
    this.failure = null;
    this.show();
    this.place.scrollTop = 0;
    this.#timer = setTimeout(() => (this.skeleton.hidden = this.rows.childElementCount > 0), 300);
    try {
      await this.lists.loadTab(name);
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
    const rows = this.visible;
    const shown = new Set(rows.map((row) => row.id));
    for (const [id, node] of this.#nodes) if (!shown.has(id)) this.#remove(id, node);
    rows.forEach((row, place) => {
      const node = this.#nodeOf(row.id);
      if (this.rows.children[place] !== node) this.rows.insertBefore(node, this.rows.children[place] ?? null);
      fillRow(node, row, { isOpen: row.id === this.opened, isMine: this.conversations.isMine(row), unread: this.conversations.unread(row) });
    });
    this.#showHint(rows.length);
    this.more.hidden = !this.isLoaded || !this.lists.hasMore(this.name);
    const fresh = this.conversations.freshIn(this.name);
    this.fresh.hidden = !fresh;
    this.fresh.textContent = `有 ${fresh} 个新会话，点此显示`;
    this.telling.check((id) => this.conversations.row(id)?.status === "queued");
  }

  /** The rows of this tab that pass the filters; the open one stays while one works on it. */
  get visible() {
    const passes = (row) => this.filters.passes(row, this.conversations.unread(row)) || (row.id === this.opened && this.conversations.isMine(row));
    return this.conversations.list(this.name).filter(passes);
  }

  /** Marks the open conversation. */
  mark(id) {
    this.opened = id;
    this.telling.forget(id);
    this.show();
    this.#nodes.get(id)?.scrollIntoView({ block: "nearest" });
  }

  /** Says that somebody joined the queue; not when one sees it anyway. */
  tell(row) {
    if (this.name !== "queue" || !this.#isInView(row.id)) this.telling.joined(row);
  }

  /** The next conversation with something unread: of this tab, else of the other one that counts. */
  nextUnread() {
    const isUnread = (row) => this.conversations.unread(row) && row.id !== this.opened;
    const at = this.visible.findIndex((row) => row.id === this.opened);
    const here = [...this.visible.slice(at + 1), ...this.visible].find(isUnread);
    const row = here ?? [...this.conversations.list("mine"), ...this.conversations.list("queue")].find(isUnread);
    if (row) this.open(row.id);
  }

  /** The next or previous conversation after the open one. */
  step(by) {
    const rows = this.visible;
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
    if (count > 0 || (!this.isLoaded && !this.failure)) this.hint.hide();
    else this.hint.show(this.name, { failure: this.failure, isFiltered: this.filters.isOn });
  }

  async #loadMore() {
    this.more.disabled = true;
    await this.lists.loadMore(this.name).catch(() => (this.failure = null));
    this.more.disabled = false;
    this.show();
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
