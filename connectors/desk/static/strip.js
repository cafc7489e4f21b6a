/** Says over an earlier conversation that it is one, and leads back. */

import { element, hook } from "/static/dom.js";

export class Strip {
  constructor(root, { open }) {
    Object.assign(this, { place: hook(root, "earlier-strip"), open });
  }

  /** @param from the conversation to lead back to, null for none */
  show(from) {
    this.place.hidden = !from;
    this.place.replaceChildren(
      "这是同一位客户以前的会话。",
      element("button", { class: "link", type: "button", text: "回到刚才的会话", onclick: () => this.open(from) }),
    );
  }
}
