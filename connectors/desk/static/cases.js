/** The customer's cases, beside the conversation. */

import { hook } from "/static/dom.js";
import { arrange, caseNode } from "./case.js";

export class Cases {
  #shown = new Map(); // number -> {as, node}; what has not changed stays, and what is written in it

  /** @param onMoved a case was moved on: the conversation has a new line */
  constructor(root, parts) {
    this.place = hook(root, "cases");
    this.part = hook(root, "cases-part");
    this.parts = parts; // api, say, onMoved
  }

  show({ cases }) {
    this.part.hidden = cases.length === 0;
    const before = this.#shown;
    this.#shown = new Map(cases.map((one) => {
      const as = JSON.stringify(one);
      const known = before.get(one.number);
      return [one.number, known?.as === as ? known : { as, node: caseNode(one, this.parts) }];
    }));
    arrange(this.place, [...this.#shown.values()].map(({ node }) => node));
  }

  /** Leads the eye and the keyboard to one of them, if it is there. */
  point(number) {
    const node = this.#shown.get(number)?.node;
    if (!node) return;
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "center" });
    node.classList.add("pointed");
    setTimeout(() => node.classList.remove("pointed"), 2500);
  }
}
