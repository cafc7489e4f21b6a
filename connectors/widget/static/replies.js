/** Quick replies: what the last turn offered, until something is chosen or written. */

import { element } from "/static/dom.js";

/** The buttons of everything said since the customer last spoke, each once. */
export function offersIn(messages) {
  const offers = new Map();
  for (const message of [...messages].reverse()) {
    if (message.author === "customer" || message.author === "staff") break;
    const buttons = message.data?.buttons ?? [];
    for (const button of [...buttons].reverse()) offers.set(button.payload, button);
  }
  return [...offers.values()].reverse();
}

/** The newest notice's buttons, whatever was written since: for a customer who waits in the queue. */
export function lastOffersIn(messages) {
  return messages.findLast((message) => message.author === "system" && message.data?.buttons)?.data.buttons ?? [];
}

export function showReplies(place, offers, choose) {
  place.replaceChildren(
    ...offers.map((button) =>
      element("button", { class: "reply", type: "button", text: button.title, onclick: () => choose(button) }),
    ),
  );
  place.hidden = offers.length === 0;
}
