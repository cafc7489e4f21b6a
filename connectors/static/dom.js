/** Making elements. Text always goes in through textContent, never as markup. */

/** @param {string} tag @param {object|null} attributes `class`, `text`, `on…` handlers, the rest as attributes */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function hiddenLabel(text) {
  return element("span", { class: "visually-hidden", text });
}

/** The element marked `data-<hook>` inside `root`; a missing one is a mistake in the template. */
export function hook(root, name) {
  const found = root.querySelector(`[data-${name}]`);
  if (!found) throw new Error(`template lacks data-${name}`);
  return found;
}
