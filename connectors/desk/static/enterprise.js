/** The customer's enterprise: chosen or kept anew, proofs for binding, colleagues and what they asked. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { wordsFor } from "./refused.js";
import { caseStatus, categoryName, channelName } from "./words.js";

const WAYS = { code: "绑定码", link: "链接", scene: "微信二维码" };

export class EnterprisePart {
  #shown = "";
  #id = null;

  /** @param open shows a conversation @param insert puts words into the reply */
  constructor(root, { api, open, insert, say }) {
    Object.assign(this, { api, open, insert, say });
    this.place = hook(root, "enterprise");
  }

  show({ conversation, enterprise }) {
    const now = JSON.stringify([conversation.id, enterprise]);
    if (now === this.#shown) return; // the same nodes stay, and what is written in them
    this.#shown = now;
    this.#id = conversation.id;
    this.failure = element("p", { class: "case-failure", role: "alert" });
    this.given = element("div", { "aria-live": "polite" });
    const nodes = enterprise ? this.#boundNodes(enterprise) : this.#choiceNodes();
    this.place.replaceChildren(...nodes, this.given, this.failure);
  }

  #boundNodes(one) {
    const others = one.others.map((each) => `${each.name || "未留姓名"}（${channelName(each.channel)}，${spokenTime(each.bound_at)} 绑定）`);
    return [
      element("p", { class: "side-who", text: one.name }),
      facts([["信用代码", one.credit_code], ["地区", one.region], ["绑定于", spokenTime(one.bound_at)], ["同企业", others.join("；") || "没有别人绑定"]]),
      element("div", { class: "case-acts" }, ...this.#wayButtons(one, "给同事"), this.#button("解除绑定", () => this.#unbind(one), "button-quiet")),
      ...list("同事的工单", one.cases.map((each) => element("li", { class: "enterprise-line", text: `${each.number} ${each.need} · ${caseStatus(each.status)}` }))),
      ...list("同事的会话", one.earlier.map((row) => this.#earlier(row))),
    ];
  }

  #choiceNodes() {
    const input = element("input", { class: "field-input", type: "search", maxlength: "100", placeholder: "企业名称或信用代码", "aria-label": "查找企业", autocomplete: "off" });
    const found = element("div", { "aria-live": "polite" });
    const search = element("form", { class: "search", role: "search" }, input, element("button", { class: "button button-small", type: "submit", text: "查找" }));
    search.onsubmit = (event) => {
      event.preventDefault();
      this.#try(async () => this.#offerFound(found, (await this.api.enterprises(input.value)).enterprises, input.value));
    };
    return [element("p", { class: "quiet", text: "客户还没有绑定企业。选好企业，再把绑定码交给客户。" }), search, found];
  }

  #offerFound(place, enterprises, words) {
    const rows = enterprises.map((one) => this.#button(`${one.name}（${one.credit_code}）`, () => this.#choose(place, one)));
    const none = rows.length ? [] : [element("p", { class: "quiet", text: "没有找到。" })];
    place.replaceChildren(...none, ...rows, this.#button("建立企业档案", () => place.replaceChildren(this.#newForm(place, words))));
  }

  #newForm(place, words) {
    const field = (name, label, more) => element("label", { class: "field" }, element("span", { class: "field-label", text: label }), element("input", { class: "field-input", name, autocomplete: "off", ...more }));
    const form = element(
      "form",
      { class: "enterprise-form" },
      field("name", "企业名称", { maxlength: "128", required: true, value: words }),
      field("credit_code", "统一社会信用代码", { maxlength: "40", required: true }),
      field("region", "地区（可不填）", { maxlength: "64" }),
      element("button", { class: "button button-small button-primary", type: "submit", text: "保存" }),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#try(async () => {
        try {
          this.#choose(place, (await this.api.keepEnterprise(Object.fromEntries(new FormData(form)))).enterprise);
        } catch (error) {
          if (error.code !== "enterprise_known") throw error;
          this.#offerFound(place, (await this.api.enterprises(form.elements.credit_code.value.replace(/\s/g, ""))).enterprises, "");
          throw error;
        }
      });
    };
    return form;
  }

  #choose(place, one) {
    place.replaceChildren(element("p", { class: "side-who", text: one.name }), facts([["信用代码", one.credit_code], ["地区", one.region]]), element("div", { class: "case-acts" }, ...this.#wayButtons(one)));
  }

  #wayButtons(one, verb = "给") {
    return Object.entries(WAYS).map(([way, label]) => this.#button(`${verb}${label}`, () => this.#give(one, way)));
  }

  #give(one, way) {
    return this.#try(async () => {
      const { code, link, image, expires_at: until } = await this.api.offerBinding(this.#id, one.id, way);
      const words = code ? `请在这里回复：绑定 ${code}` : link ? `请打开这个链接，绑定${one.name}：${link}` : "";
      this.given.replaceChildren(
        element("p", { class: "enterprise-given figures", text: code ?? link ?? "" }),
        image ? element("a", { class: "link", href: image, target: "_blank", rel: "noreferrer noopener", text: "打开二维码，给客户用微信扫" }) : "",
        element("p", { class: "quiet", text: `绑定${one.name}，只能用一次，${spokenTime(until)} 前有效。确认对方身份后再给。` }),
        words ? this.#button("放入回复", () => this.insert(words)) : "",
      );
    });
  }

  #unbind(one) {
    if (!confirm(`解除客户与“${one.name}”的绑定？客户会收到通知。`)) return;
    this.#try(async () => {
      await this.api.endBinding(this.#id);
      this.say(`已解除与“${one.name}”的绑定。`);
    });
  }

  #earlier(row) {
    const head = [spokenTime(row.created_at), categoryName(row.category), row.customer.name].filter(Boolean).join(" · ");
    return element("li", {}, element("button", { class: "earlier-open", type: "button", onclick: () => this.open(row.id) }, element("span", { class: "quiet", text: head }), element("span", { class: "earlier-words", text: row.first_words || "（没有说话）" })));
  }

  #button(text, onclick, kind = "") {
    return element("button", { class: `button button-small ${kind}`.trim(), type: "button", text, onclick });
  }

  async #try(work) {
    this.failure.textContent = "";
    const { failure } = this; // another conversation may lie open when the answer comes
    await work().catch((error) => (failure.textContent = wordsFor(error)));
  }
}

const list = (title, items) => (items.length ? [element("h3", { class: "part-small", text: title }), element("ul", { class: "earlier" }, ...items)] : []);

function facts(pairs) {
  const filled = pairs.filter(([, value]) => value);
  return element("dl", { class: "facts" }, ...filled.map(([label, value]) => element("div", {}, element("dt", { text: label }), element("dd", { text: value }))));
}
