/** The right column: who the customer is, why the bot handed over, and earlier conversations. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { caseDetail, categoryName, channelName, factName, failureName, intentName, percent, reasonName } from "./words.js";

export class Side {
  #shown = "";

  constructor(root, { open }) {
    this.place = hook(root, "side-open");
    this.empty = hook(root, "side-empty");
    this.customer = hook(root, "customer");
    this.note = hook(root, "note");
    this.earlier = hook(root, "earlier");
    this.open = open;
    this.clear();
  }

  clear() {
    this.place.hidden = true;
    this.empty.hidden = false;
  }

  show({ customer, handoff_note: note }) {
    this.place.hidden = false;
    this.empty.hidden = true;
    const now = JSON.stringify([customer, note]);
    if (now === this.#shown) return; // the same buttons stay under the hand
    this.#shown = now;
    this.customer.replaceChildren(
      element("p", { class: "side-who", text: customer.name }),
      facts([
        ["单位", customer.company],
        ["信用代码", customer.credit_code],
        ["电话", customer.phone && element("a", { href: `tel:${customer.phone.replace(/[^\d+]/g, "")}`, text: customer.phone })],
        ["渠道", channelName(customer.channel)],
        ["扫码来自", customer.station],
        ["首次来访", spokenTime(customer.since)],
        ["来访", `第 ${customer.earlier.length + 1} 次会话`],
      ]),
    );
    this.note.replaceChildren(...noteNodes(note));
    this.earlier.replaceChildren(
      customer.earlier.length
        ? element("ul", { class: "earlier" }, ...customer.earlier.map((row) => this.#earlierNode(row)))
        : element("p", { class: "quiet", text: "这是第一次咨询。" }),
    );
  }

  #earlierNode(row) {
    const head = [spokenTime(row.created_at), categoryName(row.category)].filter(Boolean).join(" · ");
    const end = [ENDS[row.status] ?? row.outcome, row.score ? `评 ${row.score} 分` : ""].filter(Boolean).join(" · ");
    return element(
      "li",
      {},
      element(
        "button",
        { class: "earlier-open", type: "button", onclick: () => this.open(row.id) },
        element("span", { class: "quiet", text: head }),
        element("span", { class: "earlier-words", text: row.first_words || "（没有说话）" }),
        end ? element("span", { class: "quiet", text: end }) : null,
      ),
    );
  }
}

const ENDS = { queued: "排队中", staff: "接待中", bot: "机器人接待" };

function noteNodes(note) {
  const understood = [intentName(note.intent), percent(note.confidence) && `把握 ${percent(note.confidence)}`].filter(Boolean).join("，");
  const nodes = [
    facts([
      ["转接原因", reasonName(note.reason) || "没有转人工"],
      ["客户想", understood],
      ["服务类别", categoryName(note.category)],
      ["异常", note.failures.map(failureName).join("；")],
    ]),
  ];
  const collected = collectedOf(note);
  if (collected.length) nodes.push(element("h3", { class: "part-small", text: "已了解到" }), facts(collected));
  if (note.last_answers.length) {
    nodes.push(
      element("h3", { class: "part-small", text: "机器人最近的答复" }),
      element("ol", { class: "answers" }, ...note.last_answers.map((text) => element("li", { text }))),
    );
  }
  return nodes;
}

/** Slots and entities as label and value; technical ones and repetitions are left out. */
function collectedOf(note) {
  const pairs = new Map();
  for (const [name, value] of Object.entries(note.slots ?? {})) {
    const isPlain = ["string", "number"].includes(typeof value);
    if (isPlain && value !== "" && factName(name) !== name) pairs.set(`${factName(name)} ${value}`, [factName(name), shown(name, value)]);
  }
  for (const { type, value } of note.entities ?? []) {
    if (value && factName(type) !== type) pairs.set(`${factName(type)} ${value}`, [factName(type), shown(type, value)]);
  }
  return [...pairs.values()];
}

const shown = (name, value) => (name.endsWith("category") ? categoryName(value) : name === "case_mode" ? caseDetail("mode", value) : String(value));

function facts(pairs) {
  const filled = pairs.filter(([, value]) => value);
  return element("dl", { class: "facts" }, ...filled.map(([label, value]) => element("div", {}, element("dt", { text: label }), element("dd", {}, value))));
}
