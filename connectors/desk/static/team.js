/** What one has to do with one's colleagues: presence, conversations handed over, and notices. */

import { Storage } from "/static/storage.js";
import { Board } from "./board.js";
import { CaseBook } from "./book.js";
import { Confirm, TransferDialog } from "./asking.js";
import { Erasing } from "./erasing.js";
import { Offers } from "./offers.js";
import { PostponeDialog } from "./postponing.js";
import { Presence } from "./presence.js";
import { Sounds } from "./sounds.js";
import { staffName } from "./words.js";

const SUPERVISES = new Set(["supervisor", "admin"]);

export class Team {
  /** @param work gives the workplace, which is made after this */
  constructor(root, { api, staff, work, resolveDialog, say }) {
    const confirm = new Confirm(document);
    const postpone = new PostponeDialog(document);
    const transfer = new TransferDialog(document, { api });
    const storage = new Storage(`desk.${staff.username}.`);
    this.sounds = new Sounds(document, { storage });
    this.supervises = SUPERVISES.has(staff.role);
    this.staff = staff;
    this.erasing = new Erasing(document, { api, say, supervises: this.supervises });
    this.work = work;
    this.offers = new Offers(root, {
      api,
      say,
      mine: staff.username,
      row: (id) => work().conversations.row(id),
      open: (id) => work().open(id),
      sound: (what) => this.sounds.tell(what),
      onTaken: (conversation) => work().changed("accept", conversation),
    });
    this.presence = new Presence(root, {
      api,
      say,
      held: () => work().conversations.list("mine").length,
      confirm: (words) => confirm.ask(words),
      onOffers: (offers) => this.offers.standing(offers),
    });
    this.board = new Board(document, { api, open: (id) => work().open(id) });
    this.book = new CaseBook(document, { api, say, storage, supervises: this.supervises, open: (id, number) => this.#openCase(id, number) });
    /** What is asked before an act; an act that is not here needs no question. Null: not done. */
    this.asks = {
      resolve: async () => {
        const outcome = await resolveDialog.ask({ hasReply: work().composer.hasReply });
        return outcome === null ? null : { outcome };
      },
      postpone: () => postpone.ask(),
      transfer: () => transfer.ask({ mine: staff.username }),
      take_over: async (id) => {
        const holder = staffName(work().conversations.row(id)?.holder);
        const text = `${holder}正在接待这位客户。接过后由您回复，${holder}会收到提示；客户会看到您的姓名和工号。只想提醒同事，可以写内部备注。`;
        return (await confirm.ask({ title: "接过会话", text, act: `从${holder}接过` })) ? {} : null;
      },
    };
  }

  /** Signed in, for the first time or again. */
  start() {
    this.presence.start();
    this.book.start();
  }

  receive(changes, { live }) {
    this.board.receive(changes);
    this.book.receive(changes);
    for (const change of changes) {
      this.offers.receive(change);
      if (live) this.#sound(change);
    }
  }

  async #openCase(id, number) {
    const { cases, views } = this.work();
    await this.work().open(id);
    views.showSide();
    cases.point(number);
  }

  #sound(change) {
    const { conversations, talk } = this.work();
    const row = conversations.row(change.conversation_id);
    if (change.type === "postponed" && change.cause === "due" && conversations.isMine(row)) this.sounds.tell("due", change.note || row.customer.name);
    if (change.type === "status" && change.status === "queued") this.sounds.tell("queue", row?.first_words);
    if (change.type !== "message" || change.message.author !== "customer" || !conversations.isMine(row)) return;
    // Who reads along has no need of a sound.
    if (document.hidden || talk.id !== change.conversation_id) this.sounds.tell("message", row.customer.name);
  }
}
