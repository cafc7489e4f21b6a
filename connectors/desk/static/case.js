/** One case in whole: what is wanted, how far it is, and the steps that may follow. */

import { element } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { wordsFor } from "./refused.js";
import { promiseNode } from "./waiting.js";
import { caseDetail, caseKind, caseStatus, caseStep } from "./words.js";

/** @param onMoved it was moved on, or somebody was faster */
export function caseNode(one, { api, say, onMoved }) {
  const note = element("input", { class: "field-input", maxlength: "200", autocomplete: "off", "aria-label": `给客户的说明：${one.number}`, placeholder: "给客户的说明（可不填）" });
  const failure = element("p", { class: "case-failure", role: "alert" });
  const buttons = one.next.map((status) =>
    element("button", {
      class: `button button-small${status === "cancelled" ? " button-quiet" : ""}`,
      type: "button",
      text: caseStep(status),
      "aria-label": `${caseStep(status)}：${one.number}`,
      onclick: () => move(status),
    }),
  );

  async function move(status) {
    if (status === "cancelled" && !confirm(`撤销工单 ${one.number}？撤销后不能恢复，客户会收到通知。`)) return;
    for (const button of buttons) button.disabled = true;
    failure.textContent = "";
    try {
      const moved = await api.advance(one.number, status, note.value.trim());
      say(`工单 ${one.number}：${caseStatus(moved.status)}，客户会看到。`);
    } catch (error) {
      failure.textContent = wordsFor(error);
    } finally {
      for (const button of buttons) button.disabled = false;
      onMoved();
    }
  }

  return element(
    "article",
    { class: "case", "data-status": one.status, "data-case": one.number, tabindex: "-1" },
    element("h3", { class: "case-title" }, element("span", { class: "figures", text: one.number }), element("span", { class: "tag", text: caseStatus(one.status) }), promiseNode(one.promise)),
    element("p", { class: "case-need", text: [caseKind(one.kind), one.need].filter(Boolean).join("：") }),
    one.next.length ? facts(one) : null, // a closed one needs no more than its way
    element("p", { class: "quiet", text: one.steps.map((step) => `${caseStatus(step.status)} ${spokenTime(step.happened_at)}`).join(" → ") }),
    ...(one.next.length ? [note, element("div", { class: "case-acts", role: "group", "aria-label": `工单操作：${one.number}` }, ...buttons)] : []),
    failure,
  );
}

function facts(one) {
  const told = Object.entries(one.details).map(([name, value]) => [caseDetail(name), caseDetail(name, value)]);
  const pairs = [...told, ["联系人", [one.contact, one.phone].filter(Boolean).join(" ")], ["单位", one.company]];
  const filled = pairs.filter(([label, value]) => label && value);
  return element("dl", { class: "facts" }, ...filled.map(([label, value]) => element("div", {}, element("dt", { text: label }), element("dd", { text: value }))));
}

/** Brings nodes into a place in their order; those that are there stay, and the focus in them. */
export function arrange(place, nodes) {
  const kept = new Set(nodes);
  for (const node of [...place.children]) if (!kept.has(node)) node.remove();
  nodes.forEach((node, at) => place.children[at] === node || place.insertBefore(node, place.children[at] ?? null));
}
