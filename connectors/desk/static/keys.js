/** The keyboard: single keys while nobody is typing, Esc to leave what one is in. */

const isTyping = (target) => target.closest?.("textarea, select, [contenteditable], input:not([type=radio])");

/** @param actions by key; `escape(target)` gets what had the focus */
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return actions.escape(event.target);
    if (event.altKey) return press(actions[`alt+${event.key.toLowerCase()}`], event); // works while one types, too
    if (isTyping(event.target)) return;
    const action = actions[event.key.toLowerCase()];
    // Arrows scroll the conversation when it has the focus, and move within a group of choices.
    const isArrow = event.key.startsWith("Arrow");
    if (!action || (isArrow && event.target !== document.body)) return;
    press(action, event);
  });
}

function press(action, event) {
  if (!action) return;
  event.preventDefault();
  action();
}
