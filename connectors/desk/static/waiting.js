/** Waiting time that counts up by itself, and what was promised, in words and colour. */

import { element } from "/static/dom.js";
import { spokenTime } from "/static/times.js";

let offset = 0; // what the server's clock is ahead of ours

export function setServerTime(now) {
  if (now) offset = Date.parse(now) - Date.now();
}

export function serverNow() {
  return Date.now() + offset;
}

/** fine, near or late: by the moments that the server worked out, which knows working time. */
function levelAt(now, { warn, due }) {
  if (due && now > Date.parse(due)) return "late";
  return warn && now >= Date.parse(warn) ? "near" : "fine";
}

/** How a row's promise stands now; one that is paused, or none, is fine. */
export function levelOf(sla) {
  return sla && !sla.paused ? levelAt(serverNow(), { warn: sla.warn_at, due: sla.due_at }) : "fine";
}

function lengthWords(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${two(minutes)}:${two(seconds % 60)}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} 小时 ${two(minutes % 60)} 分`;
  return `${Math.floor(hours / 24)} 天`;
}

const SIGNS = { fine: "", near: "△ ", late: "▲ " };
const LABELS = {
  queue: { fine: "等待", near: "较久", late: "超时" },
  reply: { fine: "客户在等", near: "客户久等", late: "回复超时" },
};

/**
 * @param what is waited for: `queue` to be accepted, `reply` to be answered
 * @param sla the row's promise, or null; a resolution's says nothing about the next answer
 */
export function waitingNode(since, what, sla) {
  const ours = sla && sla.which !== "resolution" ? sla : {};
  const node = element("span", { class: "waiting figures", "data-since": since, "data-what": what, "data-warn": ours.warn_at ?? "", "data-due": ours.due_at ?? "" });
  update(node);
  return node;
}

const PROMISES = { first_response: "首响", next_response: "回复", resolution: "办结", acceptance: "受理", answer: "答复" };

/** By when what is due; null while the customer owes an answer. */
export function promiseNode(sla) {
  if (!sla?.due_at || sla.paused) return null;
  const node = element("span", { class: "tag promise figures", "data-promise": sla.which, "data-warn": sla.warn_at ?? "", "data-due": sla.due_at });
  update(node);
  return node;
}

/** `09:40`, `周三 08:40`, `12 月 2 日`: as short as a badge must be. */
function dueWords(due, now) {
  const whole = spokenTime(due, new Date(now));
  const [, day, weekday, clock] = /^(.+日)（(.+)）(.+)$/.exec(whole) ?? [];
  if (!day) return whole;
  return Date.parse(due) - now < 6 * 86_400_000 ? `${weekday} ${clock}` : day;
}

function update(node, now = serverNow()) {
  const { since, what, promise, due } = node.dataset;
  const level = levelAt(now, node.dataset);
  let words;
  if (promise) words = level === "late" ? `${PROMISES[promise]}超时` : `${dueWords(due, now)} 前${PROMISES[promise]}`;
  else words = `${LABELS[what][level]} ${lengthWords(Math.max(0, Math.floor((now - Date.parse(since)) / 1000)))}`;
  words = SIGNS[level] + words;
  if (node.textContent !== words) node.textContent = words;
  if (node.dataset.level !== level) node.dataset.level = level;
}

/** Counts for everything on the page, once a second; catches up when the page is looked at. */
export function startCounting() {
  const countAll = () => {
    if (document.hidden) return;
    const now = serverNow();
    for (const node of document.querySelectorAll("[data-since], [data-promise]")) update(node, now);
  };
  setInterval(countAll, 1000);
  document.addEventListener("visibilitychange", countAll);
}
