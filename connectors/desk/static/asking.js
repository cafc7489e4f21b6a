/** Dialogs that ask before something is done. Each answer is a promise: what was chosen, or null. */

import { element, hook } from "/static/dom.js";
import { CATEGORY_NAMES, presenceName, staffName } from "./words.js";

export class Asking {
  #answer = null;

  constructor(dialog, form, cancel) {
    Object.assign(this, { dialog, form });
    cancel.onclick = () => dialog.close();
    form.onsubmit = (event) => {
      const chosen = this.chosen();
      if (chosen === null) return event.preventDefault();
      this.#settle(chosen);
    };
    // Esc and the cancel button; after submitting there is nothing left to settle.
    dialog.onclose = () => this.#settle(null);
  }

  open() {
    this.dialog.showModal();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  #settle(answer) {
    this.#answer?.(answer);
    this.#answer = null;
  }
}

/** One question with one act. */
export class Confirm extends Asking {
  constructor(page) {
    super(hook(page, "confirm"), hook(page, "confirm-form"), hook(page, "confirm-cancel"));
    this.parts = { title: hook(page, "confirm-title"), text: hook(page, "confirm-text"), act: hook(page, "confirm-act") };
  }

  chosen() {
    return true;
  }

  /** @param words `title`, `text` and what the button says, `act` */
  ask(words) {
    for (const [name, node] of Object.entries(this.parts)) node.textContent = words[name];
    return this.open();
  }
}

const ORDER = ["available", "away", "away_and_requeue", "offline"];

/** To whom a conversation goes: a colleague, who must accept, or a group's queue. */
export class TransferDialog extends Asking {
  constructor(page, { api }) {
    super(hook(page, "transfer"), hook(page, "transfer-form"), hook(page, "transfer-cancel"));
    this.people = hook(page, "transfer-people");
    this.groups = hook(page, "transfer-groups");
    this.notice = hook(page, "transfer-notice");
    Object.assign(this, { api });
  }

  /** Asks; null when it stays. @param mine the user name of who asks */
  async ask({ mine }) {
    this.form.reset();
    this.#say("");
    this.people.replaceChildren(element("p", { class: "quiet", text: "正在查看谁在线" }));
    const answer = this.open();
    try {
      const { colleagues } = await this.api.call("GET", "/colleagues");
      this.#show(colleagues.filter((each) => each.username !== mine));
    } catch {
      this.people.replaceChildren(element("p", { class: "quiet", text: "没能查到同事的状态，仍可以转到业务组。" }));
      this.#showGroups([]);
    }
    return answer;
  }

  chosen() {
    const to = new FormData(this.form).get("to");
    this.#say(to ? "" : "请先选择转给谁。");
    return to ? { to } : null;
  }

  #show(colleagues) {
    const serving = colleagues.sort((one, other) => ORDER.indexOf(one.presence) - ORDER.indexOf(other.presence) || one.open - other.open);
    const people = serving.map((each) => choiceNode(each.username, staffName(each), this.#standing(each), each.presence));
    this.people.replaceChildren(...(people.length ? people : [element("p", { class: "quiet", text: "没有其他接待客户的同事。" })]));
    this.#showGroups(serving);
  }

  #standing({ presence, open, capacity, skills }) {
    const served = skills.map((skill) => CATEGORY_NAMES[skill] ?? skill).join("、");
    return [presenceName(presence), `接待中 ${open} / ${capacity}`, served].filter(Boolean).join(" · ");
  }

  #showGroups(serving) {
    const known = new Set(serving.flatMap(({ skills }) => skills));
    const serves = ({ skills }, code) => !skills.length || skills.includes(code) || !known.has(code);
    const nodes = Object.entries(CATEGORY_NAMES).map(([code, name]) => {
      const there = serving.filter((each) => each.assigned && serves(each, code)).length;
      return choiceNode(`group:${code}`, `${name}组`, there ? `${there} 人在线` : "无人在线，直接排队", there ? "available" : "offline");
    });
    this.groups.replaceChildren(...nodes);
  }

  #say(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }
}

function choiceNode(value, name, standing, presence) {
  return element(
    "label",
    { class: "choice" },
    element("input", { type: "radio", name: "to", value }),
    element("span", { class: "dot", "data-presence": presence, "aria-hidden": "true" }),
    element("span", { class: "choice-words" }, element("span", { text: name }), element("span", { class: "quiet figures", text: standing })),
  );
}
