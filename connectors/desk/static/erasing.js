/** Erasing a customer: supervisors do it, and type whom they mean. */

import { hook } from "/static/dom.js";
import { Asking } from "./asking.js";
import { wordsFor } from "./refused.js";

export class Erasing extends Asking {
  constructor(page, { api, supervises, say }) {
    super(hook(page, "erase"), hook(page, "erase-form"), hook(page, "erase-cancel"));
    this.name = hook(page, "erase-name");
    this.whom = hook(page, "erase-whom");
    this.notice = hook(page, "erase-notice");
    this.opener = hook(page, "erase-open");
    Object.assign(this, { api, say });
    this.opener.hidden = !supervises;
  }

  /** Whose conversation lies open. */
  show({ conversation, customer }) {
    this.opener.onclick = () => this.#erase(conversation.id, customer.name);
  }

  chosen() {
    const fits = this.name.value.trim() === this.whom.textContent;
    this.#tell(fits ? "" : "名称不符，请照样输入。");
    return fits ? this.name.value.trim() : null;
  }

  async #erase(id, customer) {
    this.form.reset();
    this.#tell("");
    this.whom.textContent = customer;
    const name = await this.open();
    if (!name) return;
    try {
      const { erased } = await this.api.act(id, "erase_customer", { name });
      this.say(`已删除：${erased.conversations} 个会话、${erased.messages} 条消息、${erased.files} 个附件；${erased.cases.length} 张工单保留骨架。`);
    } catch (error) {
      this.dialog.showModal();
      this.#tell(wordsFor(error));
    }
  }

  #tell(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }
}
