/** What is being written: kept in the browser at once, and on the server a moment later, so that it
 *  is there after a reload and in another browser. Of two texts the one written later counts. */

import { serverNow } from "./waiting.js";

const SAVE_MILLISECONDS = 800;
const MODES = ["reply", "note"];

export class Drafts {
  #due = new Map(); // "mode.conversation" -> timer
  #version = 0;

  /** @param onKept a conversation has a draft now, or has none any more */
  constructor({ api, storage, onKept }) {
    Object.assign(this, { api, storage, onKept });
    document.addEventListener("visibilitychange", () => document.hidden && this.saveAll());
    window.addEventListener("pagehide", () => this.saveAll());
  }

  text(mode, id) {
    return this.#kept(mode, id).text;
  }

  has(id) {
    return MODES.some((mode) => this.text(mode, id));
  }

  set(mode, id, text) {
    if (!id || text === this.text(mode, id)) return;
    this.#version = Math.max(this.#version + 1, Math.round(serverNow()));
    this.#keep(mode, id, { text, version: this.#version, saved: false });
    clearTimeout(this.#due.get(`${mode}.${id}`));
    this.#due.set(`${mode}.${id}`, setTimeout(() => this.#save(mode, id), text ? SAVE_MILLISECONDS : 0));
  }

  /** Takes in what the server keeps of a conversation; true when a text was newer there. */
  take(id, kept) {
    let isNewer = false;
    for (const mode of MODES) {
      const ours = this.#kept(mode, id);
      const theirs = kept?.[mode];
      if (theirs && theirs.version > ours.version) {
        this.#version = Math.max(this.#version, theirs.version);
        isNewer ||= theirs.text !== ours.text;
        this.#keep(mode, id, { text: theirs.text, version: theirs.version, saved: true });
      } else if (ours.version > (theirs?.version ?? 0) && !ours.saved) this.#save(mode, id);
    }
    return isNewer;
  }

  /** Saves without delay what is still waiting; after an interruption, what could not be saved. */
  saveAll() {
    for (const key of [...this.#due.keys()]) this.#save(...key.split("."));
  }

  async #save(mode, id) {
    const key = `${mode}.${id}`;
    clearTimeout(this.#due.get(key));
    this.#due.set(key, null);
    const { text, version } = this.#kept(mode, id);
    try {
      await this.api.saveDraft(id, { mode, text, version });
    } catch (error) {
      if (!error.permanent) return; // tried again when the connection is back
    }
    if (this.#kept(mode, id).version !== version) return; // written on meanwhile
    this.#due.delete(key);
    if (text) this.#keep(mode, id, { text, version, saved: true });
    else this.storage.remove(`draft.${key}`);
  }

  #kept(mode, id) {
    const kept = this.storage.get(`draft.${mode}.${id}`, null);
    return typeof kept === "string" ? { text: kept, version: 1 } : (kept ?? { text: "", version: 0 });
  }

  #keep(mode, id, draft) {
    this.storage.set(`draft.${mode}.${id}`, draft);
    this.onKept(id, this.has(id));
  }
}
