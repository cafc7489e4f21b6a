/** Waiting time that counts up by itself, near its limit and past it, in words and colour. */

import { element } from "/static/dom.js";

const LIMIT_SECONDS = 600; // the queue's promise
const NEAR_SECONDS = 270; // a little before five minutes, while something can still be done

let offset = 0; // what the server's clock is ahead of ours

export function setServerTime(now) {
  if (now) offset = Date.parse(now) - Date.now();
}

export function serverNow() {
  return Date.now() + offset;
}

/** `{text, level}`: how long, and whether it is fine, near or late. */
export function waitingWords(since, now = serverNow()) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  const level = seconds >= LIMIT_SECONDS ? "late" : seconds >= NEAR_SECONDS ? "near" : "fine";
  return { text: lengthWords(seconds), level };
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

/** @param what is waited for: `queue` to be accepted, `reply` to be answered */
export function waitingNode(since, what) {
  const node = element("span", { class: "waiting figures", "data-since": since, "data-what": what });
  update(node);
  return node;
}

function update(node, now = serverNow()) {
  const { text, level } = waitingWords(node.dataset.since, now);
  const words = `${SIGNS[level]}${LABELS[node.dataset.what][level]} ${text}`;
  if (node.textContent !== words) node.textContent = words;
  if (node.dataset.level !== level) node.dataset.level = level;
}

/** Counts for everything on the page, once a second; catches up when the page is looked at. */
export function startCounting() {
  const countAll = () => {
    if (document.hidden) return;
    const now = serverNow();
    for (const node of document.querySelectorAll("[data-since]")) update(node, now);
  };
  setInterval(countAll, 1000);
  document.addEventListener("visibilitychange", countAll);
}
