/** Offers the score once for each service that has ended, when the server asks for it. */

import { hook } from "/static/dom.js";
import { ratingNode } from "./rating.js";

const REMEMBERED = 50; // services whose score is settled

export class Survey {
  constructor(root, { storage, transport }) {
    this.place = hook(root, "rating");
    Object.assign(this, { storage, transport });
  }

  /** @param messages all of them, in order */
  offer(messages) {
    const asking = messages.findLast(({ author, data }) => author === "customer" || data?.survey);
    const survey = asking?.data?.survey;
    if (!survey) {
      // Thanks stay on the page as long as nothing new is begun.
      this.place.hidden = true;
      return;
    }
    const id = asking.conversation_id;
    const key = `${id}:${survey.episode}`;
    if (this.place.dataset.of === key || this.#settled.includes(key)) {
      this.place.hidden = this.place.dataset.of !== key;
      return;
    }
    this.place.dataset.of = key;
    const send = async (...score) => {
      const answer = await this.transport.rate(id, ...score);
      this.#settle(key);
      return answer;
    };
    const skip = () => {
      this.#settle(key);
      this.place.replaceChildren();
    };
    this.place.replaceChildren(ratingNode(survey.name, send, skip));
    this.place.hidden = false;
  }

  get #settled() {
    return this.storage.get("rated", []);
  }

  #settle(key) {
    this.storage.set("rated", [...this.#settled, key].slice(-REMEMBERED));
  }
}
