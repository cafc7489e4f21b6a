/** Keeping phrases: one's own, and the team's for those who look after them. */

import { element, hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";

export class Canned {
  #edited = null; // the number of the phrase in the form; null: a new one
  #opener = null;

  constructor(page, { api, say }) {
    Object.assign(this, { api, say });
    this.dialog = hook(page, "canned");
    this.dialog.onclose = () => this.#opener?.focus();
  }

  /** The form is made when it is first needed: few open it, and then seldom. */
  #make() {
    this.dialog.append(hook(this.dialog, "canned-content").content.cloneNode(true));
    this.list = hook(this.dialog, "canned-list");
    this.form = hook(this.dialog, "canned-form");
    this.title = hook(this.dialog, "canned-form-title");
    this.error = hook(this.dialog, "canned-error");
    this.team = hook(this.dialog, "canned-team-field");
    this.variables = hook(this.dialog, "canned-variables");
    hook(this.dialog, "canned-close").onclick = () => this.dialog.close();
    hook(this.dialog, "canned-new").onclick = () => this.#edit(null);
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.#save();
    };
  }

  async open() {
    if (!this.form) this.#make();
    this.#opener = document.activeElement;
    this.dialog.showModal();
    this.#edit(null); // before anything is waited for: one may begin to type at once
    await this.#load();
  }

  async #load() {
    try {
      const { canned, may_keep_teams: mayKeepTeams, variables } = await this.api.canned();
      this.team.hidden = !mayKeepTeams;
      this.variables.replaceChildren(...variables.map((name) => element("button", { class: "chip", type: "button", text: `{${name}}`, onclick: () => this.#put(`{${name}}`) })));
      const none = element("li", { class: "quiet", text: "还没有常用语。写一条，回复时输入“/”和快捷词就能用。" });
      this.list.replaceChildren(...(canned.length ? canned.map((each) => this.#node(each, mayKeepTeams)) : [none]));
    } catch (error) {
      this.list.replaceChildren(element("li", { class: "quiet", text: wordsFor(error) }));
    }
  }

  #node(each, mayKeepTeams) {
    const mayChange = !each.team || mayKeepTeams;
    const act = (text, onclick) => element("button", { class: "link", type: "button", text, "aria-label": `${text}：${each.title}`, onclick });
    return element(
      "li",
      { class: "canned-row" },
      element("p", { class: "phrase-title" }, element("kbd", { text: `/${each.shortcut}` }), " ", each.title, " ", each.team ? element("span", { class: "tag", text: "团队" }) : null),
      element("p", { class: "phrase-text", text: each.text }),
      mayChange ? element("p", {}, act("修改", () => this.#edit(each)), " ", act("删除", () => this.#drop(each))) : null,
    );
  }

  #edit(each) {
    this.#edited = each?.id ?? null;
    this.title.textContent = each ? `修改“${each.title}”` : "写一条常用语";
    const { shortcut, name, text, team } = this.form.elements;
    Object.assign(shortcut, { value: each?.shortcut ?? "" });
    Object.assign(name, { value: each?.title ?? "" });
    Object.assign(text, { value: each?.text ?? "" });
    team.checked = each?.team ?? false;
    this.error.textContent = "";
    shortcut.focus();
  }

  #put(variable) {
    const { text } = this.form.elements;
    text.setRangeText(variable, text.selectionStart, text.selectionEnd, "end");
    text.focus();
  }

  async #save() {
    const { shortcut, name, text, team } = this.form.elements;
    const phrase = { shortcut: shortcut.value, title: name.value, text: text.value, team: team.checked };
    this.error.textContent = "";
    try {
      const { canned } = await this.api.keepCanned(this.#edited, phrase);
      this.say(`已保存常用语“${canned.title}”，回复时输入 /${canned.shortcut}。`);
      this.#edit(null);
      await this.#load();
    } catch (error) {
      this.error.textContent = wordsFor(error);
    }
  }

  async #drop(each) {
    if (!confirm(`删除常用语“${each.title}”（/${each.shortcut}）？`)) return;
    try {
      await this.api.dropCanned(each.id);
    } catch (error) {
      this.error.textContent = wordsFor(error);
    }
    await this.#load();
    if (this.#edited === each.id) this.#edit(null);
  }
}
