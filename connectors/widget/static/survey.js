/** Offers the score once for each conversation that has ended. */

import { hook } from "/static/dom.js";
import { ratingNode } from "./rating.js";

const REMEMBERED = 50; // conversations whose score is settled

export class Survey {
  constructor(root, { storage, transport }) {
    this.place = hook(root, "rating");
    Object.assign(this, { storage, transport });
  }

  offer(id, { status, holder }) {
    const isOver = status === "resolved";
    const isSettled = this.storage.get("rated", []).includes(id);
    if (!isOver || isSettled || this.place.dataset.of === id) {
      // Thanks stay on the page as long as nothing new is begun.
      this.place.hidden = !isOver || this.place.dataset.of !== id;
      return;
    }
    this.place.dataset.of = id;
    this.place.replaceChildren(
      ratingNode(
        holder?.name ?? "智能助手",
        async (...score) => {
          await this.transport.rate(id, ...score);
          this.#settle(id);
        },
        () => {
          this.#settle(id);
          this.place.replaceChildren();
        },
      ),
    );
    this.place.hidden = false;
  }

  #settle(id) {
    this.storage.set("rated", [...this.storage.get("rated", []), id].slice(-REMEMBERED));
  }
}
