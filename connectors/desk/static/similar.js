/** What colleagues answered to similar questions: asked for once the conversation is there. */

import { element, hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { categoryName } from "./words.js";

const LONGEST = 100; // what the server takes

export class Similar {
  #shown = ""; // conversation and question

  constructor(root, { api, insert }) {
    Object.assign(this, { api, insert });
    this.part = hook(root, "similar-part");
    this.place = hook(root, "similar");
  }

  async show({ conversation, question }) {
    const asked = `${conversation.id} ${question}`;
    if (asked === this.#shown) return;
    if (!this.#shown.startsWith(`${conversation.id} `)) this.#fill([]);
    this.#shown = asked;
    const { similar } = question ? await this.api.similar(conversation.id, question.slice(0, LONGEST)).catch(() => ({ similar: [] })) : { similar: [] };
    if (asked === this.#shown) this.#fill(similar);
  }

  #fill(found) {
    this.part.hidden = found.length === 0;
    this.place.replaceChildren(...found.map((each) => this.#node(each)));
  }

  #node({ question, answer, category, resolved_at: at }) {
    return element(
      "article",
      { class: "suggestion" },
      element("h3", { class: "suggestion-title", text: question }),
      element("p", { class: "suggestion-text", title: answer, text: answer }),
      element("p", { class: "quiet", text: [categoryName(category), spokenTime(at)].filter(Boolean).join(" · ") }),
      element("button", { class: "button button-small", type: "button", text: "放入回复", "aria-label": `放入回复：${question}`, onclick: () => this.insert(answer) }),
    );
  }
}
