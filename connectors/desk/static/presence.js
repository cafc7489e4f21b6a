/** Whether one takes conversations: a switch that shows what the server says, and signs of life. */

import { hook } from "/static/dom.js";
import { wordsFor } from "./refused.js";

const HEARTBEAT_MILLISECONDS = 20_000; // until the server has said how often
const REQUEUES = new Set(["away_and_requeue", "offline"]);
const SAID = {
  available: "您在线，会自动分到会话。",
  away: "您已离开，不再分到新的会话，手上的会话仍由您接待。",
  away_and_requeue: "您已离开，手上的会话已放回排队。",
  offline: "您已离线，不再分到会话。",
};
// What the server changed by itself.
const FOUND = {
  away: "有客户等您回复太久，系统已把您改为“离开”，会话已转给同事。回来后请改回“在线”。",
  offline: "太久没有收到这个页面的消息，系统已把您改为“离线”。要继续接待，请改回“在线”。",
};

export class Presence {
  #shown = null; // what the server said last
  #timer = null;
  #offers = []; // known before the lists are

  /** @param held how many conversations we have right now */
  constructor(root, { api, held, confirm, say, onOffers }) {
    this.place = hook(root, "presence-place");
    this.choice = hook(root, "presence");
    this.hint = hook(root, "presence-hint");
    this.words = hook(root, "presence-words");
    Object.assign(this, { api, held, confirm, say, onOffers });
    this.choice.onchange = () => this.#choose(this.choice.value);
    hook(root, "presence-begin").onclick = () => this.#choose("available");
  }

  /** Shows how one stands. What it says takes room over the list, so rows come after it: none may move under the hand. */
  look() {
    return this.#ask(() => this.api.call("GET", "/presence"));
  }

  /** The lists are known: shows what is offered, and begins to give signs of life. */
  start() {
    this.onOffers(this.#offers);
    this.#timer ??= this.#later();
  }

  #later() {
    return setTimeout(async () => {
      await this.#ask(() => this.api.call("POST", "/presence/heartbeat", {}));
      this.#timer = this.#later();
    }, (this.#shown?.heartbeat_seconds ?? HEARTBEAT_MILLISECONDS / 1000) * 1000);
  }

  async #ask(question) {
    const answer = await question().catch(() => null); // the banner tells of a broken connection
    if (answer) this.#take(answer);
  }

  #take({ presence, offers }, isOurs = false) {
    const before = this.#shown?.presence;
    this.#shown = presence;
    this.choice.value = presence.presence;
    this.place.dataset.presence = presence.presence;
    this.place.title = `正在接待 ${presence.open} 个，最多 ${presence.capacity} 个`;
    const isOffline = presence.presence === "offline";
    const isSurprise = !isOurs && before && before !== presence.presence && FOUND[presence.presence];
    if (isSurprise) this.words.textContent = FOUND[presence.presence];
    else if (isOffline && !before) this.words.textContent = "您现在离线，不会自动分到会话；排队的会话仍可以自己接入。";
    // Once said it stays until one is back, or has chosen for oneself.
    const isStanding = !this.hint.hidden && !isOurs && presence.presence !== "available";
    this.hint.hidden = !(isSurprise || (isOffline && !before) || isStanding);
    this.#offers = offers;
    if (this.#timer) this.onOffers(offers);
  }

  async #choose(wanted) {
    const before = this.#shown?.presence;
    const held = this.held();
    if (REQUEUES.has(wanted) && held && !(await this.#agreed(wanted, held))) return void (this.choice.value = before);
    this.choice.disabled = true;
    try {
      this.#take(await this.api.call("POST", "/presence", { presence: wanted }), true);
      this.say(SAID[wanted]);
    } catch (error) {
      this.choice.value = before;
      this.words.textContent = `没能改变状态：${wordsFor(error)}`;
      this.hint.hidden = false;
    } finally {
      this.choice.disabled = false;
    }
  }

  #agreed(wanted, held) {
    return this.confirm({
      title: wanted === "offline" ? "离线" : "离开并转出",
      text: `您手上的 ${held} 个会话会放回排队，由同事接待；客户原来的等待时间保留。`,
      act: wanted === "offline" ? "转出并离线" : "转出并离开",
    });
  }
}
