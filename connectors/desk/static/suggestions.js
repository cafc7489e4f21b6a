/** Answers one click from the reply: from the knowledge base, and what the bot could not say. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";

export class Suggestions {
  #isSearched = false;
  #shown = "";

  constructor(root, { api, insert }) {
    this.place = hook(root, "suggestions");
    this.input = hook(root, "search-input");
    this.drafts = hook(root, "drafts");
    this.draftsPart = hook(root, "drafts-part");
    Object.assign(this, { api, insert });
    hook(root, "search").onsubmit = (event) => {
      event.preventDefault();
      this.#search();
    };
  }

  /** Another conversation: what was searched for belongs to the one before. */
  clear() {
    this.#isSearched = false;
    this.#shown = "";
    this.input.value = "";
    this.place.replaceChildren();
  }

  show({ suggestions, suppressed_drafts: drafts }) {
    const now = JSON.stringify([suggestions, drafts]);
    if (now === this.#shown) return; // the same buttons stay under the hand
    this.#shown = now;
    if (!this.#isSearched) this.#fill(suggestions, "知识库里没有接近的答复。可以用自己的话查一查。");
    this.draftsPart.hidden = drafts.length === 0;
    this.drafts.replaceChildren(...drafts.map((draft) => this.#node("", draft.text, [])));
  }

  async #search() {
    const text = this.input.value.trim();
    if (!text) return void this.input.focus();
    this.#isSearched = true;
    try {
      const { suggestions } = await this.api.suggestions(text);
      this.#fill(suggestions, `没有查到与“${text}”接近的答复，换个说法再试。`);
    } catch (error) {
      this.place.replaceChildren(element("p", { class: "quiet", text: wordsFor(error) }));
    }
  }

  #fill(entries, emptyWords) {
    const nodes = entries.map((entry) => this.#node(entry.title, entry.answer, entry.basis, `faq:${entry.id}`));
    this.place.replaceChildren(...(nodes.length ? nodes : [element("p", { class: "quiet", text: emptyWords })]));
  }

  /** @param key under which it is counted that this went into a reply; empty for what is no entry */
  #node(title, answer, basis, key = "") {
    const source = basis.length ? `依据：${basis.join("；")}` : "";
    const whole = [answer, source].filter(Boolean).join("\n");
    return element(
      "article",
      { class: "suggestion" },
      title ? element("h3", { class: "suggestion-title", text: title }) : null,
      element("p", { class: "suggestion-text", title: answer, text: answer }),
      source ? element("p", { class: "quiet", text: source }) : null,
      element("button", {
        class: "button button-small",
        type: "button",
        text: "放入回复",
        "aria-label": title ? `放入回复：${title}` : "放入回复",
        onclick: () => {
          this.insert(whole);
          if (key) this.api.call("POST", "/canned/used", { key }).catch(() => {}); // only an order depends on it
        },
      }),
    );
  }
}
