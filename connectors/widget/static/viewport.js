/** Where the reader looks: stays at the end for who reads there, never jumps for who reads above. */

import { hook } from "/static/dom.js";

const NEAR = 80; // pixels from the end that still count as "at the end"

export class Viewport {
  #unseen = 0;

  constructor(root, { onSeen }) {
    this.scroller = hook(root, "scroller");
    this.jump = hook(root, "jump");
    this.onSeen = onSeen;
    this.scroller.addEventListener("scroll", () => this.isAtEnd && this.#seen(), { passive: true });
    this.jump.addEventListener("click", () => this.toEnd());
    // The keyboard comes up, the window turns: who was at the end stays there.
    let wasAtEnd = true;
    this.scroller.addEventListener("scroll", () => (wasAtEnd = this.isAtEnd), { passive: true });
    new ResizeObserver(() => wasAtEnd && this.toEnd("instant")).observe(this.scroller);
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  toEnd(behavior = "auto") {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
    this.#seen();
  }

  toNode(node) {
    const top = node.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    this.scroller.scrollBy({ top: top - 12, behavior: "instant" });
  }

  /** New words from the other side: shows their beginning, or says that they are there. */
  arrived(nodes, wasAtEnd) {
    if (!wasAtEnd) {
      this.#unseen += nodes.length;
      this.jump.hidden = false;
      this.jump.textContent = `${this.#unseen} 条新消息 ↓`;
      return;
    }
    const [node] = nodes;
    const isTall = this.scroller.scrollHeight - node.offsetTop > this.scroller.clientHeight;
    if (isTall) this.toNode(node);
    else this.toEnd();
  }

  #seen() {
    this.#unseen = 0;
    this.jump.hidden = true;
    this.onSeen();
  }
}
