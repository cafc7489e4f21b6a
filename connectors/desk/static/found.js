/** What was looked up, in place of the list: conversations found, or notes that call one. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { categoryName, staffName } from "./words.js";

const STATES = { queued: "排队中", bot: "机器人接待中", staff: "接待中", resolved: "已结束" };
const SPEAKERS = { customer: "客户", bot: "机器人", staff: "坐席" };

export class Found {
  /** @param open opens a conversation, at a message if one is named @param left the list is back */
  constructor(root, { open, left }) {
    Object.assign(this, { root: hook(root, "list"), open, left });
    this.place = hook(root, "found");
    this.title = hook(root, "found-title");
    this.rows = hook(root, "found-rows");
    hook(root, "found-close").onclick = () => this.close();
    this.rows.onkeydown = (event) => this.#rowKey(event);
  }

  get isOpen() {
    return !this.place.hidden;
  }

  close() {
    this.place.hidden = true;
    this.root.removeAttribute("data-looking");
    this.left();
  }

  say(title, words = "") {
    this.#show(title, words ? [element("li", { class: "hint", text: words })] : []);
  }

  showHits({ conversations, more }, words) {
    const count = `找到 ${conversations.length}${more ? " 个以上" : " 个"}会话`;
    if (!conversations.length) return this.say("没有找到会话", "换个说法，或放宽日期、坐席等条件。只能查到您有权查看的会话。");
    this.#show(more ? `${count}，只列最近的` : count, conversations.map((row) => this.#hit(row, words)));
  }

  showMentions({ mentions }) {
    if (!mentions.length) return this.say("还没有人提到您", "同事在内部备注里写“@”加您的名字时，会列在这里。");
    this.#show("提到我的备注", mentions.map((each) => this.#mention(each)));
  }

  step(by) {
    const buttons = [...this.rows.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    (buttons[at + by] ?? buttons[by > 0 ? 0 : buttons.length - 1])?.focus();
  }

  #show(title, nodes) {
    this.title.textContent = title;
    this.rows.replaceChildren(...nodes);
    this.place.hidden = false;
    this.root.setAttribute("data-looking", "");
  }

  #hit(row, words) {
    const facts = [row.status === "staff" ? `${staffName(row.holder)}接待中` : STATES[row.status], categoryName(row.category), spokenTime(row.last_message_at)].filter(Boolean).join(" · ");
    const said = row.matches.length
      ? row.matches.map((each) => element("span", { class: "found-words" }, element("span", { class: "quiet", text: `${each.private ? "备注" : SPEAKERS[each.author]}：` }), ...marked(each.text, words)))
      : [element("span", { class: "found-words", text: row.first_words || "（没有说话）" })];
    return this.#row(() => this.open(row.id, row.matches[0]?.message_id), row.id, [
      element("span", { class: "found-who" }, ...marked([row.customer.name, row.customer.company].filter((each, at, all) => each && all.indexOf(each) === at).join(" · "), words)),
      ...said,
      element("span", { class: "quiet", text: facts }),
    ]);
  }

  #mention(each) {
    const node = this.#row(() => this.open(each.conversation_id), each.conversation_id, [
      element("span", { class: "found-who", text: `${staffName(each.by)} · ${each.customer}` }),
      element("span", { class: "found-words", text: each.text }),
      element("span", { class: "quiet", text: `${each.is_read ? "" : "未读 · "}${spokenTime(each.created_at)}` }),
    ]);
    node.classList.toggle("row-unread", !each.is_read);
    return node;
  }

  #row(onclick, id, parts) {
    return element("li", { class: "row" }, element("button", { class: "row-open found-open", type: "button", "data-found-of": id, onclick }, ...parts));
  }

  #rowKey(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.step(by);
  }
}

/** A text with the words looked for marked in it. */
function marked(text, words) {
  const signs = words.filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!signs.length) return [text];
  const parts = text.split(new RegExp(`(${signs.join("|")})`, "gi"));
  return parts.map((part, at) => (at % 2 ? element("mark", { text: part }) : part));
}
