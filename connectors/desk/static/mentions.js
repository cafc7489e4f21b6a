/** Notes that call us: how many are unread, and the list of them. */

import { hook } from "/static/dom.js";

export class Mentions {
  #asking = 0;
  #isCalled = false;

  constructor(root, { api, found, me, onCalled }) {
    Object.assign(this, { api, found, me, onCalled });
    this.button = hook(root, "called");
    this.count = hook(root, "called-count");
    this.button.onclick = () => this.open();
  }

  /** Follows one change of the feed; what was read elsewhere is seen at the next look. */
  receive(change, live) {
    if (change.type !== "mention" || change.to !== this.me.username) return;
    this.#isCalled = true;
    this.look();
    if (live) this.onCalled(change);
  }

  /** What was looked at is stored, and the notes in it count as read. */
  readOn() {
    if (this.#isCalled) this.look();
  }

  async look() {
    const asking = (this.#asking += 1);
    const told = await this.api.mentions().catch(() => null);
    if (told && asking === this.#asking) this.#show(told.unread);
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
    this.#isCalled = unread > 0;
    this.count.hidden = unread === 0;
    this.count.textContent = unread;
    this.button.classList.toggle("chip-needs", unread > 0);
    this.button.setAttribute("aria-label", unread ? `提到我的备注，${unread} 条未读` : "提到我的备注");
  }
}
