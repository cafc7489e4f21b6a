/** What the list shows of a tab: unread ones, those whose promise runs out, one category, one channel. */

import { element, hook } from "/static/dom.js";
import { levelOf } from "./waiting.js";
import { CATEGORY_NAMES, CHANNEL_NAMES } from "./words.js";

const NOTHING = { unread: false, pressing: false, category: "", channel: "" };

export class Filters {
  /** @param onChange something else is to be shown; `{needsLoad}` when the server must choose, too */
  constructor(root, { storage, onChange }) {
    Object.assign(this, { storage, onChange });
    this.chosen = { ...NOTHING, ...storage.get("filters", {}) };
    this.toggles = { unread: hook(root, "filter-unread"), pressing: hook(root, "filter-pressing") };
    this.selects = { category: hook(root, "filter-category"), channel: hook(root, "filter-channel") };
    this.clearButton = hook(root, "filter-clear");
    fill(this.selects.category, CATEGORY_NAMES);
    fill(this.selects.channel, CHANNEL_NAMES);
    for (const [name, button] of Object.entries(this.toggles)) button.onclick = () => this.#set({ [name]: !this.chosen[name] });
    for (const [name, select] of Object.entries(this.selects)) select.onchange = () => this.#set({ [name]: select.value });
    this.clearButton.onclick = () => this.clear();
    this.#show();
  }

  get isOn() {
    return Object.keys(NOTHING).some((name) => this.chosen[name] !== NOTHING[name]);
  }

  /** What the server chooses by, in lists that come in pages. */
  get asked() {
    const { category, channel } = this.chosen;
    return { category, channel };
  }

  passes(row, unread) {
    const { chosen } = this;
    if (chosen.unread && !unread && !row.mentioned) return false;
    if (chosen.pressing && levelOf(row.sla) === "fine") return false;
    return (!chosen.category || row.category === chosen.category) && (!chosen.channel || row.channel === chosen.channel);
  }

  clear() {
    this.#set(NOTHING);
  }

  focus() {
    this.toggles.unread.focus();
  }

  #set(values) {
    const before = JSON.stringify(this.asked);
    Object.assign(this.chosen, values);
    this.storage.set("filters", this.chosen);
    this.#show();
    this.onChange({ needsLoad: before !== JSON.stringify(this.asked) });
  }

  #show() {
    for (const [name, button] of Object.entries(this.toggles)) button.setAttribute("aria-pressed", String(this.chosen[name]));
    for (const [name, select] of Object.entries(this.selects)) {
      select.value = this.chosen[name];
      select.toggleAttribute("data-chosen", Boolean(this.chosen[name]));
    }
    this.clearButton.hidden = !this.isOn;
  }
}

function fill(select, names) {
  select.append(...Object.entries(names).map(([value, text]) => element("option", { value, text })));
}
