/** The login view: who is it, and words for every way in which signing in can fail. */

import { hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";

export class Login {
  constructor(root, { api, onSignedIn }) {
    this.root = root;
    this.note = hook(root, "login-note");
    this.username = hook(root, "username");
    this.password = hook(root, "password");
    this.error = hook(root, "login-error");
    this.button = hook(root, "login-send");
    Object.assign(this, { api, onSignedIn });
    hook(root, "login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Shows the form; `note` says why, when there is a reason. */
  show(note = "") {
    this.root.dataset.state = "login";
    this.note.textContent = note;
    this.note.hidden = !note;
    this.#say("");
    this.password.value = "";
    (this.username.value ? this.password : this.username).focus();
  }

  async #send() {
    const missing = [this.username, this.password].find((input) => !input.value.trim());
    if (missing) {
      this.#say(missing === this.username ? "请输入用户名。" : "请输入密码。", missing);
      return;
    }
    if (this.button.disabled) return;
    this.button.disabled = true;
    this.button.textContent = "正在登录";
    try {
      const me = await this.api.login(this.username.value.trim(), this.password.value);
      this.#say("");
      this.password.value = "";
      this.onSignedIn(me);
    } catch (error) {
      this.#say(wordsFor(error), this.password);
    } finally {
      this.button.disabled = false;
      this.button.textContent = "登录";
    }
  }

  #say(text, input = null) {
    this.error.textContent = text;
    for (const each of [this.username, this.password]) each.setAttribute("aria-invalid", String(each === input));
    input?.focus();
    if (input === this.password) input.select();
  }
}
