/** Choosing files: by a button, by pasting, by dragging them onto the page. */

import { hook } from "/static/dom.js";

export class Picking {
  #depth = 0; // a drag enters and leaves every element it passes over

  /** @param root where files may be dropped and pasted */
  constructor(root, { onFiles }) {
    this.drop = hook(root, "drop");
    const input = hook(root, "file-input");
    hook(root, "attach").onclick = () => input.click();
    input.onchange = () => {
      const files = [...input.files];
      input.value = ""; // the same file may be chosen again
      if (files.length) onFiles(files);
    };
    root.addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      // Office programs put a picture of the text beside the text; the text is what is meant.
      if (!files.length || types.includes("text/plain")) return;
      event.preventDefault();
      onFiles([...files]);
    });
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
      root.addEventListener(name, (event) => this.#dragged(event, onFiles));
    }
  }

  #dragged(event, onFiles) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // or the browser would open the file and leave the page
    this.#depth += { dragenter: 1, dragleave: -1 }[event.type] ?? 0;
    if (event.type === "drop") {
      this.#depth = 0;
      onFiles([...event.dataTransfer.files]);
    }
    this.drop.hidden = this.#depth <= 0;
  }
}
