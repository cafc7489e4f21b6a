/** Putting a conversation off: until when, and what to do then. */

import { hook } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { Asking } from "./asking.js";

const MINUTE_MILLISECONDS = 60_000;

export class PostponeDialog extends Asking {
  constructor(page) {
    super(hook(page, "postpone"), hook(page, "postpone-form"), hook(page, "postpone-cancel"));
    this.at = hook(page, "postpone-at");
    this.own = hook(page, "postpone-own");
    this.notice = hook(page, "postpone-notice");
    // Whoever chooses a time means that time.
    this.at.oninput = () => (this.own.checked = true);
  }

  /** Asks; null when it stays where it is. */
  ask() {
    this.form.reset();
    this.#say("");
    this.at.min = local(new Date(Date.now() + 2 * MINUTE_MILLISECONDS));
    return this.open();
  }

  chosen() {
    const { when, note } = Object.fromEntries(new FormData(this.form));
    const until = this.#moment(when);
    this.#say(until ? "" : "请选择一个还没有过去的时间。");
    return until ? { until, note: note.trim() } : null;
  }

  #moment(when) {
    if (when === "next_day") return when;
    const moment = when === "own" ? new Date(this.at.value) : new Date(Date.now() + Number(when) * MINUTE_MILLISECONDS);
    return moment > Date.now() + MINUTE_MILLISECONDS ? moment.toISOString() : null;
  }

  #say(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }
}

/** What the list says of a conversation that is put off. */
export const postponedWords = ({ until, note }) => [`稍后处理 · ${spokenTime(until)}`, note].filter(Boolean).join(" · ");

function local(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * MINUTE_MILLISECONDS);
  return shifted.toISOString().slice(0, 16);
}
