/** Files from the desk: to the customer or as a note, wherever the composer stands. */

import { Picking } from "/static/picking.js";
import { Uploads } from "/static/uploads.js";

export class Files extends Uploads {
  /** @param work the workplace: its `composer` says where a file goes, its `talk` shows it */
  constructor(root, { api, work }) {
    super({
      send: (item, watching) => api.upload(item, watching),
      limitMegabytes: Number(root.dataset.fileLimit),
      onChange: (item) => work.talk.showPending(item),
      onSent: (item, message) => work.sent(item, message),
      onGone: (item) => work.talk.timeline.removePending(item.client_id),
    });
    new Picking(root.querySelector("[data-talk]"), { onFiles: (files) => this.#chosen(files, work) });
  }

  #chosen(files, { composer, talk }) {
    const { block, ...payload } = composer.place;
    talk.say(block ? `${block}文件没有发送。` : "");
    if (!block && payload.conversation_id) this.add(files, payload);
  }
}
