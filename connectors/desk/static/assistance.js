/** What helps staff at work, put together: phrases, colleagues, looking up, similar answers. */

import { hook } from "/static/dom.js";
import { Calling } from "./calling.js";
import { Canned } from "./canned.js";
import { EnterprisePart } from "./enterprise.js";
import { Finder } from "./finder.js";
import { Found } from "./found.js";
import { Mentions } from "./mentions.js";
import { Phrases } from "./phrases.js";
import { Popup } from "./popup.js";
import { Similar } from "./similar.js";
import { staffName } from "./words.js";

export class Assistance {
  /** @param work the workplace: `composer`, `news`, `open(id, from, messageId)`, `insert(text)` */
  constructor(root, { api, me, work, say }) {
    const { composer } = work;
    this.popup = new Popup(root, { input: composer.input });
    this.canned = new Canned(document, { api, say });
    this.phrases = new Phrases({ api, composer, popup: this.popup, manage: () => this.canned.open() });
    this.calling = new Calling({ api, composer, popup: this.popup, me });
    this.found = new Found(root, {
      open: (id, messageId) => work.open(id, null, messageId),
      left: () => {
        this.finder.clear();
        this.mentions.isListed = false;
      },
    });
    this.finder = new Finder(root, { api, found: this.found, onAsked: () => (this.mentions.isListed = false) });
    this.mentions = new Mentions(root, { api, found: this.found, me, onCalled: (change) => this.#called(work, change, say) });
    this.similar = new Similar(root, { api, insert: (text) => work.insert(text) });
    this.enterprise = new EnterprisePart(root, { api, open: (id) => work.open(id, work.talk.from ?? work.talk.id), insert: (text) => work.insert(text), say });
    hook(root, "open-phrases").onclick = () => this.phrases.open();
  }

  #called(work, { conversation_id: id, by }, say) {
    const words = `${staffName(by)}在备注里提到您`;
    say(words);
    if (work.talk.id === id) return; // read with everything else in it
    work.conversations.mark(id, { mentioned: true });
    work.list.telling.called(id, words);
  }
}
