/** Above and below the open conversation: whose it is, what one can do, whether one may reply. */

import { hook } from "/static/dom.js";
import { postponedWords } from "./postponing.js";
import { waitingNode } from "./waiting.js";
import { categoryName, channelName, staffName } from "./words.js";

const STATES = { queued: "排队中", bot: "机器人接待中", resolved: "已结束" };
const BLOCKS = {
  queued: "接入后才能回复客户。",
  bot: "接管后才能回复客户。",
  staff: "同事正在接待，您可以写内部备注。",
  resolved: "会话已结束，只能写内部备注。",
};

export class Head {
  constructor(root, { acts, composer }) {
    this.root = root;
    this.title = hook(root, "talk-title");
    this.status = hook(root, "talk-status");
    Object.assign(this, { acts, composer });
  }

  show(row, isMine) {
    const isOver = row.status === "resolved";
    this.title.textContent = row.customer.name;
    const state = STATES[row.status] ?? (isMine ? "由您接待" : `${staffName(row.holder)}接待中`);
    const facts = [state, isMine && row.postponed && postponedWords(row.postponed), categoryName(row.category), channelName(row.channel)].filter(Boolean).join(" · ");
    const waiting = waitingOf(row, isMine);
    this.status.replaceChildren(facts, ...(waiting ? [" · ", waiting] : []));
    this.acts.show(row, isMine);
    this.composer.allow(isMine ? "" : BLOCKS[row.status], isOver);
    this.root.toggleAttribute("data-over", isOver); // then nothing can be put into a reply
  }
}

function waitingOf(row, isMine) {
  if (row.status === "queued") return waitingNode(row.queued_at ?? row.created_at, "queue", row.sla);
  return isMine && row.unanswered_since ? waitingNode(row.unanswered_since, "reply", row.sla) : null;
}
