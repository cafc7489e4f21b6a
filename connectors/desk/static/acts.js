/** What one can do with a conversation: take it, give it back, end it. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";

const DONE = {
  accept: "已接入，客户看到了您的姓名和工号。",
  return_to_bot: "已交还机器人。",
  requeue: "已放回排队，原来的等待时间保留。",
  resolve: "服务已结束，已邀请客户评分。",
};

export class Acts {
  #busy = false;

  constructor(root, { api, resolveDialog, hasReply, onDone, onRefused, say }) {
    this.place = hook(root, "acts");
    Object.assign(this, { api, resolveDialog, hasReply, onDone, onRefused, say });
  }

  /** The buttons that make sense in this status. */
  show(row, isMine) {
    const buttons = [];
    const add = (verb, text, look = "", title = "") =>
      buttons.push(element("button", { class: `button button-small ${look}`, type: "button", text, title, "data-verb": verb, onclick: () => this.run(verb, row.id) }));
    if (row.status === "queued") add("accept", "接入", "button-primary", "快捷键 A");
    if (row.status === "bot") add("accept", "接管", "", "机器人不再回复，由您接待（快捷键 A）");
    if (isMine) {
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
    const body = {};
    if (verb === "resolve") {
      const outcome = await this.resolveDialog.ask({ hasReply: this.hasReply() });
      if (outcome === null) return;
      body.outcome = outcome;
    }
    this.#busy = true;
    for (const button of this.place.children) button.disabled = true;
    try {
      const { conversation } = await this.api.act(id, verb, body);
      this.onDone(verb, conversation);
      this.say(DONE[verb]);
    } catch (error) {
      this.onRefused(id, wordsFor(error));
    } finally {
      this.#busy = false;
      for (const button of this.place.children) button.disabled = false;
    }
  }
}
