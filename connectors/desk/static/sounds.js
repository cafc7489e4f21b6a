/** Sounds and notices for who looks elsewhere. Made by code; each can be switched off, and that is kept. */

import { hook } from "/static/dom.js";

// Pitch in hertz and moment in seconds of each tone.
const TUNES = {
  message: [[880, 0]],
  queue: [[660, 0], [880, 0.14]],
  offer: [[880, 0], [660, 0.16], [880, 0.32]],
  due: [[660, 0], [660, 0.2]],
};
const TITLES = { message: "有新消息", queue: "有客户在排队", offer: "同事请您接手会话", due: "稍后处理的时间到了" };
const QUIET_MILLISECONDS = 1500; // several at once are one sound

export class Sounds {
  #context = null;
  #last = 0;

  constructor(root, { storage }) {
    this.storage = storage;
    this.choices = { message: hook(root, "sound-message"), queue: hook(root, "sound-queue"), desktop: hook(root, "sound-desktop") };
    for (const [name, choice] of Object.entries(this.choices)) {
      choice.checked = storage.get(`sound.${name}`, name !== "desktop");
      choice.onchange = () => this.#chosen(name, choice);
    }
    this.choices.desktop.disabled = !("Notification" in window);
    if (this.choices.desktop.checked) this.choices.desktop.checked = window.Notification?.permission === "granted";
    // Browsers let a page sound only after its reader has touched it.
    for (const moment of ["pointerdown", "keydown"]) document.addEventListener(moment, () => this.#wake(), { once: true });
    hook(root, "sound-try").onclick = () => this.#play("offer");
  }

  /** @param what `message`, `queue`, `offer` or `due`; @param words for a notice outside the browser */
  tell(what, words = "") {
    const isWanted = this.choices[what]?.checked ?? true; // what was asked for by name cannot be switched off
    if (!isWanted) return;
    if (Date.now() - this.#last > QUIET_MILLISECONDS) this.#play(what);
    if (document.hidden && this.choices.desktop.checked) this.#notify(what, words);
  }

  #play(what) {
    this.#last = Date.now();
    const context = this.#wake();
    if (context?.state !== "running") return;
    for (const [pitch, at] of TUNES[what]) {
      const start = context.currentTime + at;
      const tone = new OscillatorNode(context, { type: "sine", frequency: pitch });
      const loudness = new GainNode(context, { gain: 0 });
      loudness.gain.setValueAtTime(0, start);
      loudness.gain.linearRampToValueAtTime(0.12, start + 0.02); // no click at either end
      loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.22);
      tone.connect(loudness).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    }
  }

  #wake() {
    if (!("AudioContext" in window)) return null;
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume().catch(() => {});
    return this.#context;
  }

  #notify(what, words) {
    const notice = new Notification(TITLES[what], { body: words, tag: `desk-${what}`, icon: "/static/mark.svg" });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  }

  async #chosen(name, choice) {
    // Asked only here, after a click: a page that asks by itself is refused for good.
    if (name === "desktop" && choice.checked) choice.checked = (await Notification.requestPermission()) === "granted";
    this.storage.set(`sound.${name}`, choice.checked);
    if (choice.checked && name !== "desktop") this.#play(name);
  }
}
