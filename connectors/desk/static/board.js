/** The team board: figures of the moment, asked for again when something happened, and now and then. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { wordsFor } from "./refused.js";
import { promiseNode, setServerTime, waitingNode } from "./waiting.js";
import { categoryName, presenceName, staffName } from "./words.js";

const REFRESH_MILLISECONDS = 10_000;
const SOON_MILLISECONDS = 800; // several changes in a row are one look
const TELLING = new Set(["status", "sla", "feedback", "transfer"]);

export class Board {
  #timer = null;
  #late = "";

  constructor(page, { api, open }) {
    this.dialog = hook(page, "board");
    this.state = hook(page, "board-state");
    this.skeleton = hook(page, "board-skeleton");
    this.whole = hook(page, "board-open");
    this.places = { figures: hook(page, "board-figures"), late: hook(page, "board-late"), people: hook(page, "board-people"), groups: hook(page, "board-groups") };
    Object.assign(this, { api, open });
    hook(page, "show-board").onclick = () => this.show();
    hook(page, "board-close").onclick = () => this.dialog.close();
    this.dialog.onclose = () => clearTimeout(this.#timer);
    document.addEventListener("visibilitychange", () => !document.hidden && this.#again(0));
  }

  show() {
    this.dialog.showModal();
    return this.#load();
  }

  /** Follows the feed: what moved is looked at soon, not at the next regular time. */
  receive(changes) {
    if (changes.some((change) => TELLING.has(change.type))) this.#again(SOON_MILLISECONDS);
  }

  #again(after) {
    clearTimeout(this.#timer);
    if (this.dialog.open) this.#timer = setTimeout(() => this.#load(), after);
  }

  async #load() {
    try {
      const found = await this.api.call("GET", "/board");
      setServerTime(found.now);
      this.#fill(found);
      this.state.textContent = `${spokenTime(found.now)} 更新，自动刷新`;
    } catch (error) {
      this.state.textContent = `没能更新：${wordsFor(error)}`;
    }
    this.#again(document.hidden ? REFRESH_MILLISECONDS * 6 : REFRESH_MILLISECONDS);
  }

  #fill({ waiting, open, breached, people, groups, late, today }) {
    this.skeleton.hidden = true;
    this.whole.hidden = false;
    const present = people.filter((each) => each.presence === "available" && each.heard_of).length;
    const score = today.scores ? `${today.average_score} 分（${today.scores} 人）` : "还没有";
    const wait = today.median_wait_seconds === null ? "还没有" : minutes(today.median_wait_seconds);
    this.places.figures.replaceChildren(
      ...[
        ["排队", String(waiting.count), waiting.longest_since && waitingNode(waiting.longest_since, "queue", null)],
        ["接待中", String(open), `${present} 人在线`],
        ["超时", String(breached), breached ? "▲ 见下表" : "都在承诺时限内"],
        ["今天转人工", String(today.episodes), `已接入 ${today.accepted} · 已结束 ${today.resolved}`],
        ["今天离开", String(today.left), "取消排队或留言"],
        ["接入等待中位数", wait, "今天"],
        ["满意度", score, "今天收到的评分"],
      ].map(([name, value, more]) => element("div", { class: "board-figure" }, element("dt", { text: name }), element("dd", { class: "board-number figures", text: value }), more ? element("dd", { class: "quiet figures" }, more) : null)),
    );
    this.#fillLate(late);
    this.places.people.replaceChildren(table(["姓名", "状态", "接待中", "临近", "超时", "服务"], people.map(personCells)));
    this.places.groups.replaceChildren(groups.length ? table(["业务组", "排队", "最久", "接待中", "超时"], groups.map(groupCells)) : element("p", { class: "quiet", text: "现在没有人排队，也没有会话在接待。" }));
  }

  #fillLate(late) {
    const now = JSON.stringify(late);
    if (now === this.#late) return; // the same buttons stay under the hand
    this.#late = now;
    this.places.late.replaceChildren(late.length ? element("ul", { class: "board-late" }, ...late.map((each) => this.#lateNode(each))) : element("p", { class: "quiet", text: "没有临近或超过承诺时限的会话。" }));
  }

  #lateNode({ id, customer, category, status, holder, sla }) {
    const who = status === "queued" ? "排队中" : `${staffName(holder)}接待`;
    const open = () => {
      this.dialog.close();
      this.open(id);
    };
    return element(
      "li",
      {},
      element("button", { class: "board-open", type: "button", onclick: open }, promiseNode(sla), element("span", { class: "board-who", text: customer }), element("span", { class: "quiet", text: [categoryName(category), who].filter(Boolean).join(" · ") })),
    );
  }
}

function table(heads, rows) {
  return element(
    "table",
    { class: "board-table" },
    element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text })))),
    element("tbody", {}, ...rows.map(([first, ...rest]) => element("tr", {}, element("th", { scope: "row" }, ...[first].flat()), ...rest.map((cell) => element("td", { class: "figures" }, cell))))),
  );
}

function personCells({ presence, since, heard_of: isHeardOf, open, capacity, warned, breached, skills, ...who }) {
  const isGone = presence !== "offline" && !isHeardOf;
  const state = [presenceName(presence), isGone && "页面没有响应", since && `${spokenTime(since)} 起`].filter(Boolean).join(" · ");
  const dot = element("span", { class: "dot", "data-presence": isGone ? "away" : presence, "aria-hidden": "true" });
  return [[dot, ` ${staffName(who)}`], state, `${open} / ${capacity}`, count("△", warned), count("▲", breached), skills.map(categoryName).join("、") || "全部"];
}

function groupCells({ category, waiting, longest_since: since, open, breached }) {
  return [categoryName(category) || "未分类", String(waiting), since ? waitingNode(since, "queue", null) : "–", String(open), count("▲", breached)];
}

const count = (sign, number) => (number ? `${sign} ${number}` : "0");
const minutes = (seconds) => (seconds < 60 ? `${seconds} 秒` : `${Math.floor(seconds / 60)} 分 ${seconds % 60} 秒`);
