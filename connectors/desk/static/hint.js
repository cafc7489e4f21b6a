/** What the list says when it has nothing to show: what to do first, what failed, what is hidden. */

import { element, hook } from "/static/dom.js";

const EMPTY = {
  queue: ["没有人在排队", "有客户转人工时，这里和网页标题会提醒您。"],
  mine: ["您手上没有会话", "从“排队”里接入一个，或在“接待中”里接管。"],
  others: ["没有进行中的会话", "机器人和同事正在接待的会话会列在这里。"],
  resolved: ["还没有结束的会话", "结束服务后，可以在这里查看记录。"],
};

export class Hint {
  constructor(root, { again, clearFilters }) {
    Object.assign(this, { place: hook(root, "rows-hint"), again, clearFilters });
  }

  hide() {
    this.place.hidden = true;
  }

  show(name, { failure, isFiltered }) {
    this.place.hidden = false;
    const act = (text, onclick) => element("button", { class: "button button-small", type: "button", text, onclick });
    if (failure) this.#fill("没能读取会话列表", "已有的会话不受影响，可以重试。", act("重新读取", this.again));
    else if (isFiltered) this.#fill("没有符合筛选的会话", "其他会话被筛选隐藏了。", act("清除筛选", this.clearFilters));
    else this.#fill(...EMPTY[name]);
  }

  #fill(title, text, button = null) {
    this.place.replaceChildren(element("p", { class: "hint-title", text: title }), element("p", { text }), ...(button ? [button] : []));
  }
}
