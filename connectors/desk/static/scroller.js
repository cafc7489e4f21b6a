/** Where staff look: stays at the end for who reads there, never jumps for who reads above. */

import { hook } from "/static/dom.js";

const NEAR = 60; // pixels from the end that still count as "at the end"

export class Scroller {
  #unseen = 0;

  constructor(root, { onSeen }) {
    this.view = hook(root, "scroller");
    this.jump = hook(root, "jump");
    this.onSeen = onSeen;
    let wasAtEnd = true;
    this.view.addEventListener("scroll", () => {
      wasAtEnd = this.isAtEnd;
      if (wasAtEnd) this.#seen();
    }, { passive: true });
    this.jump.addEventListener("click", () => {
      this.toEnd();
      this.view.focus({ preventScroll: true });
    });
    // The composer grows, the window turns: who was at the end stays there.
    new ResizeObserver(() => wasAtEnd && this.toEnd()).observe(this.view);
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.view;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  toEnd() {
    this.view.scrollTop = this.view.scrollHeight;
    this.#seen();
  }

  to(node) {
    this.view.scrollTop = node.offsetTop - 12;
    this.jump.hidden = true;
    this.#unseen = 0;
  }

  /** Leads the eye to one entry in the middle of the view. */
  point(node) {
    if (!node) return;
    this.view.scrollTop = node.offsetTop - this.view.clientHeight / 3;
    node.classList.add("pointed");
    setTimeout(() => node.classList.remove("pointed"), 2500);
  }

  arrived(wasAtEnd) {
    if (wasAtEnd) return this.toEnd();
    this.#unseen += 1;
    this.jump.hidden = false;
    this.jump.textContent = `${this.#unseen} 条新消息 ↓`;
  }

  #seen() {
    this.#unseen = 0;
    this.jump.hidden = true;
    if (!document.hidden) this.onSeen();
  }
}
