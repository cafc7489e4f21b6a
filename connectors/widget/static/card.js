/** Cards: a title, three facts, one action. More facts unfold in place. */

import { element } from "/static/dom.js";

const KINDS = { institution: "机构", standard: "标准", instrument: "仪器设备", expert: "专家", case: "工单", station: "服务站" };
const FACTS_SHOWN = 3;
const CARDS_SHOWN = 3;

export function cardNode(card, choose) {
  const facts = (card.facts ?? []).map(([label, value]) => [label, String(value ?? "")]).filter(([, value]) => value);
  const more = facts.slice(FACTS_SHOWN);
  return element(
    "article",
    { class: `card card-${KINDS[card.type] ? card.type : "other"}` },
    element(
      "header",
      { class: "card-head" },
      element("h3", { class: "card-title", text: card.title }),
      element(
        "p",
        { class: "card-marks" },
        KINDS[card.type] ? element("span", { class: "mark", text: KINDS[card.type] }) : null,
        card.demo ? element("span", { class: "mark mark-demo", text: "演示数据" }) : null,
      ),
    ),
    factsNode(facts.slice(0, FACTS_SHOWN)),
    more.length
      ? element("details", { class: "unfold" }, element("summary", { text: "更多信息" }), factsNode(more))
      : null,
    card.action
      ? element("button", { class: "button button-small card-action", type: "button", text: card.action.title, onclick: () => choose(card.action) })
      : null,
  );
}

export function cardsNode(cards, choose) {
  const list = element("div", { class: "cards" }, ...cards.slice(0, CARDS_SHOWN).map((card) => cardNode(card, choose)));
  const rest = cards.slice(CARDS_SHOWN);
  if (rest.length) {
    const more = element("button", {
      class: "button button-small",
      type: "button",
      text: `再看 ${rest.length} 项`,
      onclick: () => {
        const added = rest.map((card) => cardNode(card, choose));
        more.replaceWith(...added);
        added[0].tabIndex = -1;
        added[0].focus({ preventScroll: true });
      },
    });
    list.append(more);
  }
  return list;
}

function factsNode(facts) {
  return element(
    "dl",
    { class: "facts" },
    ...facts.map(([label, value]) => element("div", { class: "fact" }, element("dt", { text: label }), element("dd", { text: value }))),
  );
}
