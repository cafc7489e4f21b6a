/** Notes that call us: how many are unread, and the list of them. */

import { hook } from "/static/dom.js";

const LOOK_MILLISECONDS = 1_500;

export class Mentions {
  constructor(root, { api, found, me, onCalled }) {
    Object.assign(this, { api, found, me, onCalled });
    this.button = hook(root, "called");
    this.count = hook(root, "called-count");
    this.button.onclick = () => this.open();
  }

  /** Follows one change of the feed; what was read elsewhere is seen at the next look. */
  receive(change, live) {
    if (change.type !== "mention" || change.to !== this.me.username) return;
    this.look();
    if (live) this.onCalled(change);
  }

  /** A conversation was looked at: once that is stored, its notes count as read. */
  saw(row) {
    if (row?.mentioned) setTimeout(() => this.look(), LOOK_MILLISECONDS);
  }

  async look() {
    const told = await this.api.mentions().catch(() => null);
    if (told) this.#show(told.unread);
    return told;
  }

  async open() {
    if (this.found.isOpen && this.isListed) return this.found.close();
    this.isListed = true;
    this.found.say("正在读取…");
    const told = await this.look();
    if (told) this.found.showMentions(told);
    else this.found.say("没能读取", "请检查网络后重试。");
  }

  #show(unread) {
    this.count.hidden = unread === 0;
    this.count.textContent = unread;
    this.button.classList.toggle("chip-needs", unread > 0);
    this.button.setAttribute("aria-label", unread ? `提到我的备注，${unread} 条未读` : "提到我的备注");
  }
}
