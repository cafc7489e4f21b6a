/** Which cases are shown: whose, how far, of which kind, overdue ones, with which words, in which order. */

import { element, hook } from "/static/dom.js";
import { CASE_KIND_NAMES, CASE_STATUS_NAMES } from "./words.js";

const ASK_MILLISECONDS = 350;

export class CaseFilters {
  #timer = null;

  /** @param onChange something else is to be shown */
  constructor(page, { supervises, storage, onChange }) {
    Object.assign(this, { supervises, storage, onChange });
    this.scopes = [...hook(page, "case-scopes").querySelectorAll("[data-case-scope]")];
    this.selects = { status: hook(page, "case-status"), kind: hook(page, "case-kind"), order: hook(page, "case-order") };
    this.overdue = hook(page, "case-overdue");
    this.text = hook(page, "case-text");
    this.clearButton = hook(page, "case-clear");
    this.selects.status.append(...options(CASE_STATUS_NAMES));
    this.selects.kind.append(...options(CASE_KIND_NAMES));
    // A supervisor looks after every group.
    if (supervises) hook(page, "case-group").hidden = true;
    this.chosen = { ...this.#nothing, ...storage.get("cases", {}) };
    for (const button of this.scopes) button.onclick = () => this.set({ scope: button.dataset.caseScope });
    for (const [name, select] of Object.entries(this.selects)) select.onchange = () => this.set({ [name]: select.value });
    this.overdue.onclick = () => this.set({ overdue: !this.chosen.overdue });
    this.clearButton.onclick = () => this.clear();
    this.text.oninput = (event) => event.isComposing || this.#typed(ASK_MILLISECONDS);
    this.text.addEventListener("compositionend", () => this.#typed(ASK_MILLISECONDS));
    hook(page, "case-find").onsubmit = (event) => {
      event.preventDefault();
      this.#typed(0);
    };
    this.#show();
  }

  get #nothing() {
    return { scope: this.supervises ? "all" : "group", status: "open", kind: "", overdue: false, text: "", order: "urgent" };
  }

  /** Whether fewer cases are shown than those one works through; the order hides nothing. */
  get isOn() {
    return Object.entries(this.#nothing).some(([name, value]) => name !== "order" && this.chosen[name] !== value);
  }

  /** What the server is asked. */
  get asked() {
    const { status, ...more } = this.chosen;
    const given = { ...more, status: status === "any" ? "" : status };
    return Object.entries(given).filter(([, value]) => value);
  }

  clear() {
    this.text.value = "";
    this.set({ ...this.#nothing, order: this.chosen.order });
  }

  set(values) {
    clearTimeout(this.#timer);
    Object.assign(this.chosen, values);
    const { scope, order } = this.chosen;
    this.storage.set("cases", { scope, order }); // what hides cases is not kept: it would be forgotten
    this.#show();
    this.onChange();
  }

  #typed(after) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const text = this.text.value.trim();
      if (text !== this.chosen.text) this.set({ text });
    }, after);
  }

  #show() {
    for (const button of this.scopes) button.setAttribute("aria-pressed", String(button.dataset.caseScope === this.chosen.scope));
    for (const [name, select] of Object.entries(this.selects)) {
      select.value = this.chosen[name];
      select.toggleAttribute("data-chosen", this.chosen[name] !== this.#nothing[name]);
    }
    this.overdue.setAttribute("aria-pressed", String(this.chosen.overdue));
    this.clearButton.hidden = !this.isOn;
  }
}

const options = (names) => Object.entries(names).map(([value, text]) => element("option", { value, text }));
