/** One conversation as a row of the list. A row is changed in place, so that focus stays on it. */

import { element, hiddenLabel, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { postponedWords } from "./postponing.js";
import { promiseNode, waitingNode } from "./waiting.js";
import { categoryName, channelName, reasonName, staffName } from "./words.js";

export function rowNode({ open, accept }) {
  return element(
    "li",
    { class: "row" },
    element(
      "button",
      { class: "row-open", type: "button", onclick: open },
      element("span", { class: "row-line" }, element("span", { class: "row-person row-who", "data-row-who": true }), element("span", { class: "row-marks", "data-row-marks": true })),
      element("span", { class: "row-words", "data-row-words": true }),
      element("span", { class: "row-foot" }, element("span", { class: "row-now", "data-row-state": true }), element("span", { class: "row-about", "data-row-about": true })),
    ),
    element("button", { class: "button row-accept", type: "button", text: "接入", "data-row-accept": true, onclick: accept }),
  );
}

export function fillRow(node, row, { isOpen, isMine, unread }) {
  set(hook(node, "row-who"), row.customer.name);
  hook(node, "row-words").replaceChildren(...wordsOf(row, isMine));
  set(hook(node, "row-about"), [categoryName(row.category), channelName(row.channel)].filter(Boolean).join(" · "));
  const marks = [];
  const promise = promiseNode(row.status === "queued" || isMine ? row.sla : null);
  if (promise) marks.push(promise);
  if (row.mentioned) marks.push(element("span", { class: "badge badge-called", title: "有同事提到您" }, "@", hiddenLabel("有同事提到您")));
  if (unread) marks.push(element("span", { class: "badge figures" }, String(unread), hiddenLabel("条未读")));
  hook(node, "row-marks").replaceChildren(...marks);
  hook(node, "row-state").replaceChildren(stateOf(row, isMine));
  const accept = hook(node, "row-accept");
  accept.hidden = row.status !== "queued";
  accept.setAttribute("aria-label", `接入${row.customer.name}`);
  node.classList.toggle("row-postponed", isMine && Boolean(row.postponed));
  node.classList.toggle("row-unread", unread > 0);
  node.firstElementChild.setAttribute("aria-current", String(isOpen));
}

/** What one left unsent comes first; of one's own the newest words say more than the first. */
function wordsOf(row, isMine) {
  if (row.has_draft) return [element("span", { class: "row-draft", text: "［草稿］" }), row.first_words];
  const last = isMine ? row.last_words : null;
  if (!last) return [row.first_words || "（还没有说话）"];
  return [{ customer: "", bot: "机器人：", staff: "我：" }[last.author] + (last.text || (last.kind === "file" ? "［文件］" : "［卡片］"))];
}

function stateOf(row, isMine) {
  const words = (text) => element("span", { class: "row-state", text });
  if (row.status === "queued") {
    const waiting = waitingNode(row.queued_at ?? row.created_at, "queue", row.sla);
    const reason = row.reason && row.reason !== "customer_asked" ? reasonName(row.reason) : "";
    return reason ? element("span", {}, waiting, element("span", { class: "row-reason", text: ` · ${reason}` })) : waiting;
  }
  if (isMine && row.postponed) return words(postponedWords(row.postponed));
  if (isMine) return row.unanswered_since ? waitingNode(row.unanswered_since, "reply", row.sla) : words(`已回复 ${spokenTime(row.last_message_at)}`);
  if (row.status === "staff") return words(`${staffName(row.holder)}接待中`);
  if (row.status === "bot") return words(`机器人接待 · ${spokenTime(row.last_message_at)}`);
  return words(`已结束 · ${spokenTime(row.last_message_at)}`);
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
