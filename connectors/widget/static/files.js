/** The customer's files: chosen, pasted or dragged in, and on their way. */

import { hook } from "/static/dom.js";
import { Picking } from "/static/picking.js";
import { Uploads } from "/static/uploads.js";

export class Files extends Uploads {
  constructor(root, { transport, onChosen, onChange, onSent, onGone }) {
    super({
      send: (item, watching) => transport.upload(item, watching),
      limitMegabytes: Number(root.dataset.fileLimit),
      onChange,
      onSent,
      onGone,
    });
    new Picking(root, {
      onFiles: (files) => {
        onChosen();
        this.add(files);
      },
    });
    hook(root, "attach").disabled = false; // until now nobody would have taken what was chosen
  }
}
