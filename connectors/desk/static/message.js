/** One entry of the conversation as an element: what was said, and what happened. */

import { attachmentNode, pendingFileNode } from "/static/attachment.js";
import { element, hiddenLabel } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { categoryName, intentName, percent, staffName } from "./words.js";

const LINK = String.raw`https?:\/\/[^\s<>"“”（）()，。；、]+`;
const partsOf = (called) => new RegExp([LINK, ...called.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))].join("|"), "g");

/** @param customer how the customer is called here */
export function messageNode(message, customer) {
  if (message.author === "system" || message.kind === "event") return systemNode(message);
  const data = message.data ?? {};
  const kind = message.private ? "private" : message.author;
  const node = element("article", { class: `message message-${kind}` }, headNode(message, customer));
  const bubble = element("div", { class: "bubble" });
  if (data.attachment) bubble.append(attachmentNode(data.attachment, ({ url }) => url));
  else if (message.text) bubble.append(textNode(message));
  if (data.payload) bubble.append(element("p", { class: "quiet", text: "（点选的选项）" }));
  if (data.faq?.basis?.length) bubble.append(element("p", { class: "quiet", text: `依据：${data.faq.basis.join("；")}` }));
  for (const card of [data.card, ...(data.items ?? [])].filter(Boolean)) bubble.append(cardNode(card));
  if (data.buttons?.length) bubble.append(buttonsNode(data.buttons));
  node.append(bubble);
  if (data.turn) node.append(turnNode(data));
  return node;
}

/** Ours before the server has it. */
export function pendingNode(item, { retry, takeBack }) {
  if (item.file) return pendingFileNode(item, item.payload.private ? "private" : "staff");
  const node = messageNode({ author: "staff", private: item.payload.private, text: item.text, created_at: item.created_at, staff: null }, "");
  node.classList.add("message-pending");
  if (item.state !== "failed") {
    node.append(element("p", { class: "delivery", text: item.reason || "发送中" }));
    return node;
  }
  node.classList.add("message-failed");
  const again = element("button", { class: "link", type: "button", text: "重新发送", onclick: retry });
  const back = element("button", { class: "link", type: "button", text: "取回修改", onclick: takeBack });
  node.append(element("p", { class: "delivery" }, `⚠ 未发送${item.reason ? `：${item.reason}` : ""} `, again, " ", back));
  return node;
}

function headNode(message, customer) {
  const speaker = {
    customer, bot: "机器人", staff: message.staff ? staffName(message.staff) : "我",
  }[message.author];
  const name = message.private ? `${speaker} · 内部备注，客户看不到` : speaker;
  return element("p", { class: "speaker" }, element("span", { text: name }), " ", timeNode(message.created_at));
}

function timeNode(moment) {
  return element("time", { datetime: moment, text: spokenTime(moment) });
}

function systemNode(message) {
  const node = element("p", { class: "message message-system" }, hiddenLabel("系统："), message.text, " ", timeNode(message.created_at));
  const { buttons } = message.data ?? {};
  return buttons?.length ? element("div", { class: "message" }, node, buttonsNode(buttons)) : node;
}

/** Links are made only from plain http addresses, and never from what the customer typed. */
function textNode(message) {
  const node = element("p", { class: "text" });
  if (message.author === "customer") {
    node.textContent = message.text;
    return node;
  }
  const called = (message.data?.mentions ?? []).flatMap(({ name, username, number }) => [`@${name}`, `＠${name}`, `@${username}`, `@${number} 号`, `@${number}号`]);
  let end = 0;
  for (const found of message.text.matchAll(partsOf(called))) {
    const [part] = found;
    const isLink = part.startsWith("http");
    node.append(message.text.slice(end, found.index), isLink ? element("a", { href: part, target: "_blank", rel: "noopener noreferrer", text: part }) : element("strong", { class: "called", text: part }));
    end = found.index + part.length;
  }
  node.append(message.text.slice(end));
  return node;
}

function cardNode(card) {
  const facts = (card.facts ?? []).map(([label, value]) => [label, String(value ?? "")]).filter(([, value]) => value);
  return element(
    "details",
    { class: "card" },
    element("summary", {}, card.title ?? "卡片", card.demo ? element("span", { class: "tag", text: "演示数据" }) : null),
    element("dl", { class: "facts" }, ...facts.map(([label, value]) => element("div", {}, element("dt", { text: label }), element("dd", { text: value })))),
  );
}

/** What the customer could press; here only to be seen. */
function buttonsNode(buttons) {
  return element("p", { class: "given" }, hiddenLabel("给客户的选项："), ...buttons.map((button) => element("span", { class: "given-one", text: button.title })));
}

function turnNode({ turn, faq }) {
  const parts = [intentName(turn.intent), categoryName(turn.category), turn.confidence ? `把握 ${percent(turn.confidence)}` : "", faq?.title ? `知识：${faq.title}` : ""];
  const words = parts.filter(Boolean).join(" · ");
  return words ? element("p", { class: "turn", text: words }) : "";
}
