/** One message as an element. */

import { attachmentNode, pendingFileNode } from "/static/attachment.js";
import { element, hiddenLabel } from "/static/dom.js";
import { basisNode, detailNode, helpfulNode } from "./answer.js";
import { cardNode, cardsNode } from "./card.js";

const LINK = /https?:\/\/[^\s<>"“”（）()，。；、]+/g;
const SPEAKERS = { customer: "您", bot: "智能助手", staff: "工作人员", system: "系统" };

/**
 * @param message as the server tells it
 * @param actions `choose(button)`, `judge(message, helpful, comment)`, `judged(message)`, `addressOf(attachment)`
 */
export function messageNode(message, actions) {
  if (message.author === "system" || message.kind === "event") return systemNode(message);
  const data = message.data ?? {};
  const bubble = element("div", { class: "bubble" });
  if (data.attachment) bubble.append(attachmentNode(data.attachment, actions.addressOf));
  else if (message.text) bubble.append(textNode(message));
  if (data.faq) bubble.append(...[basisNode(data.faq), detailNode(data.faq)].filter(Boolean));
  const node = element("div", { class: `message message-${message.author}` }, nameNode(message));
  if (bubble.childElementCount) node.append(bubble);
  if (data.card) node.append(cardNode(data.card, actions.choose));
  if (data.items?.length) node.append(cardsNode(data.items, actions.choose));
  if (message.author === "bot" && (data.faq || data.card || data.items?.length)) {
    const helpful = helpfulNode(actions.judged(message), (...judgement) => actions.judge(message, ...judgement));
    (data.faq ? bubble : node).append(helpful);
  }
  return node;
}

/** Our own message before the server has it: on its way, or failed and waiting for a tap. */
export function pendingNode(item, { retry, takeBack }) {
  if (item.file) return pendingFileNode(item, "customer");
  const node = messageNode({ author: "customer", kind: "text", text: item.text }, {});
  node.classList.add("message-pending");
  if (item.state !== "failed") {
    node.append(element("p", { class: "delivery", text: item.note || "发送中" }));
    return node;
  }
  node.classList.add("message-failed");
  if (item.reason) node.append(element("p", { class: "delivery", text: item.reason }));
  node.append(
    element(
      "p",
      { class: "delivery" },
      element("button", { class: "retry", type: "button", text: "未发送，点此重试", onclick: retry }),
      element("button", { class: "retry retry-back", type: "button", text: "取回修改", onclick: takeBack }),
    ),
  );
  return node;
}

function systemNode(message) {
  return element("p", { class: "message message-system", text: message.text });
}

function nameNode(message) {
  if (message.author !== "staff") return hiddenLabel(`${SPEAKERS[message.author] ?? ""}：`);
  return element("p", { class: "speaker", text: staffName(message.staff) });
}

/** 王工（03 号） */
export function staffName(staff) {
  if (!staff?.name) return SPEAKERS.staff;
  return staff.number ? `${staff.name}（${staff.number} 号）` : staff.name;
}

/** Links are made only from plain http addresses, and never from what the customer typed. */
function textNode(message) {
  const node = element("p", { class: "text" });
  if (message.author === "customer") {
    node.textContent = message.text;
    return node;
  }
  let end = 0;
  for (const found of message.text.matchAll(LINK)) {
    const link = element("a", { href: found[0], target: "_blank", rel: "noopener noreferrer", text: found[0] });
    node.append(message.text.slice(end, found.index), link);
    end = found.index + found[0].length;
  }
  node.append(message.text.slice(end));
  return node;
}
