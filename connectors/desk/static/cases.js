/** The customer's cases: how far each is, and the steps that may follow. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { wordsFor } from "./refused.js";
import { caseDetail, caseKind, caseStatus, caseStep } from "./words.js";

export class Cases {
  #shown = "";

  /** @param onMoved a case was moved on: the conversation has a new line */
  constructor(root, { api, say, onMoved }) {
    this.place = hook(root, "cases");
    this.part = hook(root, "cases-part");
    Object.assign(this, { api, say, onMoved });
  }

  show({ cases }) {
    const now = JSON.stringify(cases);
    if (now === this.#shown) return; // the same nodes stay, and what is written in them
    this.#shown = now;
    this.part.hidden = cases.length === 0;
    this.place.replaceChildren(...cases.map((each) => this.#node(each)));
  }

  #node(one) {
    const note = element("input", { class: "field-input", maxlength: "200", autocomplete: "off", "aria-label": `给客户的说明：${one.number}`, placeholder: "给客户的说明（可不填）" });
    const failure = element("p", { class: "case-failure", role: "alert" });
    const buttons = one.next.map((status) =>
      element("button", {
        class: `button button-small${status === "cancelled" ? " button-quiet" : ""}`,
        type: "button",
        text: caseStep(status),
        "aria-label": `${caseStep(status)}：${one.number}`,
        onclick: () => this.#move(one, status, { note, failure, buttons }),
      }),
    );
    return element(
      "article",
      { class: "case", "data-status": one.status },
      element("h3", { class: "case-title" }, element("span", { class: "figures", text: one.number }), element("span", { class: "tag", text: caseStatus(one.status) })),
      element("p", { class: "case-need", text: [caseKind(one.kind), one.need].filter(Boolean).join("：") }),
      one.next.length ? facts(one) : null, // a closed one needs no more than its way
      element("p", { class: "quiet", text: one.steps.map((step) => `${caseStatus(step.status)} ${spokenTime(step.happened_at)}`).join(" → ") }),
      ...(one.next.length ? [note, element("div", { class: "case-acts", role: "group", "aria-label": `工单操作：${one.number}` }, ...buttons)] : []),
      failure,
    );
  }

  async #move(one, status, { note, failure, buttons }) {
    if (status === "cancelled" && !confirm(`撤销工单 ${one.number}？撤销后不能恢复，客户会收到通知。`)) return;
    for (const button of buttons) button.disabled = true;
    failure.textContent = "";
    try {
      const moved = await this.api.advance(one.number, status, note.value.trim());
      this.say(`工单 ${one.number}：${caseStatus(moved.status)}，客户会看到。`);
    } catch (error) {
      failure.textContent = wordsFor(error);
    } finally {
      for (const button of buttons) button.disabled = false;
      this.onMoved();
    }
  }
}

function facts(one) {
  const told = Object.entries(one.details).map(([name, value]) => [caseDetail(name), caseDetail(name, value)]);
  const pairs = [...told, ["联系人", [one.contact, one.phone].filter(Boolean).join(" ")], ["单位", one.company], ["时限", spokenTime(one.due_at)]];
  const filled = pairs.filter(([label, value]) => label && value);
  return element("dl", { class: "facts" }, ...filled.map(([label, value]) => element("div", {}, element("dt", { text: label }), element("dd", { text: value }))));
}
