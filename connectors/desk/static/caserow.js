/** One case as a row of the list of cases; it unfolds in place. Changed in place, so that focus stays. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { promiseNode } from "./waiting.js";
import { caseKindName, caseStatus, categoryName, staffName } from "./words.js";

export function caseRow(number, unfold) {
  const whole = element("div", { class: "case-whole", id: `case-${number}`, hidden: true, "data-case-whole": true });
  const open = element(
    "button",
    { class: "row-open case-open", type: "button", "aria-expanded": "false", "aria-controls": whole.id, onclick: unfold },
    element("span", { class: "case-line" }, element("span", { class: "case-number figures", text: number }), element("span", { class: "case-tags", "data-case-tags": true })),
    element("span", { class: "case-words", "data-case-words": true }),
    element("span", { class: "quiet", "data-case-about": true }),
  );
  return element("li", { class: "row case-row", "data-case-row": number }, open, whole);
}

export function fillCaseRow(node, one) {
  const tags = [element("span", { class: "tag", text: caseKindName(one.kind) }), element("span", { class: "tag", text: caseStatus(one.status) })];
  hook(node, "case-tags").replaceChildren(...tags, promiseNode(one.promise) ?? "");
  hook(node, "case-words").textContent = one.need;
  const who = [one.company, one.contact].filter(Boolean).join(" ");
  const mover = one.staff ? `${staffName(one.staff)}办理` : one.status === "submitted" ? "还没有人受理" : "";
  hook(node, "case-about").textContent = [who, categoryName(one.category), mover, `${spokenTime(one.created_at)} 提交`].filter(Boolean).join(" · ");
}

/** Shows the whole case under its row, or folds it again with null. */
export function unfoldCaseRow(node, whole) {
  const place = hook(node, "case-whole");
  place.hidden = !whole;
  place.replaceChildren(...(whole ?? []));
  node.firstElementChild.setAttribute("aria-expanded", String(Boolean(whole)));
}
