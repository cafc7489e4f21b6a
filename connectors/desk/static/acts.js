/** What one can do with a conversation: take it, give it back, end it. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";
import { receiverName } from "./words.js";

const DONE = {
  accept: "已接入，客户看到了您的姓名和工号。",
  return_to_bot: "已交还机器人。",
  requeue: "已放回排队，原来的等待时间保留。",
  resolve: "服务已结束，已邀请客户评分。",
  transfer: "已转到业务组排队，原来的等待时间保留。",
  postpone: "已移到列表末尾，到时提醒您。",
  resume: "已恢复处理。",
  take_over: "已由您接待，客户看到了您的姓名和工号。",
};

export class Acts {
  #busy = false;

  /** @param asks by verb: what to ask first; it resolves to the call's body, or null for "not done" */
  constructor(root, { api, asks, supervises, onDone, onRefused, say }) {
    this.place = hook(root, "acts");
    Object.assign(this, { api, asks, supervises, onDone, onRefused, say });
  }

  /** The buttons that make sense in this status. */
  show(row, isMine) {
    const buttons = [];
    const add = (verb, text, look = "", title = "") =>
      buttons.push(element("button", { class: `button button-small ${look}`, type: "button", text, title, "data-verb": verb, onclick: () => this.run(verb, row.id) }));
    if (row.status === "queued") add("accept", "接入", "button-primary", "快捷键 A");
    if (row.status === "bot") add("accept", "接管", "", "机器人不再回复，由您接待（快捷键 A）");
    if (row.status === "staff" && !isMine && this.supervises) add("take_over", "接过会话", "", "由您代替同事接待");
    if (isMine) {
      if (row.postponed) add("resume", "恢复处理", "", "不再稍后处理（快捷键 P）");
      else add("postpone", "稍后处理", "", "到时间再提醒（快捷键 P）");
      add("transfer", "转接", "", "请同事或业务组接手");
      add("return_to_bot", "交还机器人");
      add("requeue", "放回排队", "", "让同事接待，等待时间保留");
      add("resolve", "结束服务", "button-primary");
    }
    const verbs = (nodes) => [...nodes].map((node) => node.dataset.verb + node.textContent).join();
    // The same buttons stay, so that focus does.
    if (this.place.dataset.of === row.id && verbs(this.place.children) === verbs(buttons)) return;
    this.place.dataset.of = row.id;
    this.place.replaceChildren(...buttons);
  }

  /** Presses the button with this verb, if it is there. */
  press(verb) {
    this.place.querySelector(`[data-verb="${verb}"]`)?.click();
  }

  async run(verb, id) {
    if (this.#busy) return;
    const body = await (this.asks[verb]?.(id) ?? {});
    if (!body) return;
    this.#busy = true;
    for (const button of this.place.children) button.disabled = true;
    try {
      const { conversation, transfer } = await this.api.act(id, verb, body);
      this.onDone(verb, conversation);
      this.say(transfer ? `已请${receiverName(transfer)}接手。` : DONE[verb]);
    } catch (error) {
      this.onRefused(id, wordsFor(error));
    } finally {
      this.#busy = false;
      for (const button of this.place.children) button.disabled = false;
    }
  }
}
