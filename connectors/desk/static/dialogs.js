/** The dialogs: how a service ended, and the list of keys. */

import { hook } from "/static/dom.js";

export class ResolveDialog {
  #answer = null;

  constructor(page) {
    this.dialog = hook(page, "resolve");
    this.form = hook(page, "resolve-form");
    this.more = hook(page, "outcome-more");
    this.warning = hook(page, "resolve-warning");
    hook(page, "resolve-cancel").onclick = () => this.dialog.close();
    this.form.onsubmit = () => this.#settle(this.#outcome());
    // Esc and the cancel button; after submitting there is nothing left to settle.
    this.dialog.onclose = () => this.#settle(null);
  }

  /** Asks how it ended; null when the service goes on. */
  ask({ hasReply }) {
    this.form.reset();
    this.warning.hidden = !hasReply;
    this.dialog.showModal();
    return new Promise((resolve) => (this.#answer = resolve));
  }

  #outcome() {
    const { outcome } = Object.fromEntries(new FormData(this.form));
    return [outcome, this.more.value.trim()].filter(Boolean).join("：");
  }

  #settle(outcome) {
    this.#answer?.(outcome);
    this.#answer = null;
  }
}

export function keysDialog(page) {
  const dialog = hook(page, "keys");
  hook(page, "show-keys").onclick = () => dialog.showModal();
  return dialog;
}
