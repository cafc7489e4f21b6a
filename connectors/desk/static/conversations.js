/** All conversations this desk knows of, kept in step with the change feed. */

export class Conversations {
  #rows = new Map(); // id -> row
  #places = new Map(); // id -> place in "mine", given once, so that nothing jumps
  #told = new Map(); // id -> cursor of the newest change that the feed told of it
  #fresh = { others: new Set(), resolved: new Set() };

  /** @param reading is told what was looked at */
  constructor({ staff, reading }) {
    Object.assign(this, { staff, reading });
  }

  row(id) {
    return this.#rows.get(id);
  }

  isMine(row) {
    return row?.status === "staff" && row.holder?.number === this.staff.number;
  }

  /** Takes in a whole list of one status as it was at a cursor; whether the feed had told newer things. */
  load(status, rows, cursor) {
    const known = new Set(rows.map((row) => row.id));
    const gone = [...this.#rows.values()].filter((row) => row.status === status && !known.has(row.id));
    const isOld = ({ id }) => (this.#told.get(id) ?? 0) > cursor;
    for (const row of gone) if (!isOld(row)) this.#rows.delete(row.id);
    for (const row of rows) if (!isOld(row)) this.#rows.set(row.id, this.#asRead(row));
    if (status === "bot") this.#fresh.others.clear();
    if (status === "resolved") this.#fresh.resolved.clear();
    const mine = rows.filter((row) => this.isMine(row) && !this.#places.has(row.id));
    mine.sort((one, other) => waitedFor(one).localeCompare(waitedFor(other)));
    for (const row of mine) this.#places.set(row.id, this.#places.size);
    return [...gone, ...rows].some(isOld);
  }

  /** @param cursor when it was read; what the feed told later is not taken back */
  put(row, cursor = Infinity) {
    if (this.#rows.has(row.id) && (this.#told.get(row.id) ?? 0) > cursor) return;
    this.#rows.set(row.id, { ...this.#rows.get(row.id), ...this.#asRead(row) });
  }

  /** Changes something of a row; whether it was not so before. */
  mark(id, values) {
    const row = this.#rows.get(id);
    const isNew = Boolean(row) && Object.keys(values).some((name) => row[name] !== values[name]);
    if (isNew) Object.assign(row, values);
    return isNew;
  }

  /** More rows of a status that comes in pages. */
  add(rows, cursor) {
    for (const row of rows) this.put(row, cursor);
  }

  /** Follows one change; returns the statuses whose lists must be asked for again. */
  note(change) {
    const row = this.#rows.get(change.conversation_id);
    if (change.cursor) this.#told.set(change.conversation_id, change.cursor);
    if (change.type === "message") return this.#noteMessage(row, change.message);
    if (change.type === "postponed") this.mark(change.conversation_id, { postponed: change.postponed });
    if (change.type !== "status") return [];
    const before = row?.status;
    if (row) Object.assign(row, { status: change.status, holder: change.holder, reason: change.reason });
    if (change.status === "bot" && !row) this.#fresh.others.add(change.conversation_id);
    if (change.status === "resolved" && !row) this.#fresh.resolved.add(change.conversation_id);
    const asked = { queued: ["queued"], staff: row ? [] : ["staff"] }[change.status] ?? [];
    if (before !== change.status && row && change.status === "staff" && this.isMine(row)) this.#place(row.id);
    return asked;
  }

  #noteMessage(row, message) {
    if (!row || message.seq <= row.last_seq) return [];
    let asked = [];
    Object.assign(row, { last_seq: message.seq, last_message_at: message.created_at });
    if (message.author !== "system" && !message.private) row.last_words = { author: message.author, kind: message.kind, text: message.text.slice(0, 60) };
    if (message.author === "customer") {
      row.first_words ||= message.text.slice(0, 60);
      // Only the server knows working time, and by when an answer is due.
      if (this.isMine(row) && !row.unanswered) asked = ["staff"];
      row.unanswered = (row.unanswered ?? 0) + 1;
      row.unanswered_since ??= message.created_at;
      row.unread = (row.unread ?? 0) + 1;
    } else if (message.author !== "system" && !message.private) {
      Object.assign(row, { unanswered: 0, unanswered_since: null, sla: null });
    }
    const category = message.data?.turn?.category;
    if (category && category !== "out_of_scope") row.category = category;
    return asked;
  }

  /** The rows of one tab in the order in which they are shown. */
  list(name) {
    const rows = [...this.#rows.values()];
    if (name === "queue") return longestFirst(rows.filter((row) => row.status === "queued"));
    if (name === "mine") {
      const mine = rows.filter((row) => this.isMine(row));
      for (const row of mine) this.#place(row.id);
      const putOff = (row) => row.postponed?.until ?? "";
      return mine.sort((one, other) => putOff(one).localeCompare(putOff(other)) || this.#places.get(one.id) - this.#places.get(other.id));
    }
    if (name === "resolved") return newestFirst(rows.filter((row) => row.status === "resolved"));
    const others = rows.filter((row) => row.status === "bot" || (row.status === "staff" && !this.isMine(row)));
    return newestFirst(others);
  }

  /** How many conversations have come to a tab since it was loaded. */
  freshIn(name) {
    return this.#fresh[name]?.size ?? 0;
  }

  /** The customer's messages that we have not looked at; those of colleagues' customers do not count. */
  unread(row) {
    return row.status === "queued" || this.isMine(row) ? (row.unread ?? 0) : 0;
  }

  see(id) {
    const row = this.#rows.get(id);
    if (!row || (row.read_seq >= row.last_seq && !row.mentioned)) return;
    Object.assign(row, { read_seq: row.last_seq, unread: 0, mentioned: false });
    this.reading.saw(id, row.last_seq);
  }

  /** What was read here a moment ago the server may not have heard yet. */
  #asRead(row) {
    const seen = this.#rows.get(row.id)?.read_seq ?? 0;
    if (row.last_seq === undefined || seen <= (row.read_seq ?? 0)) return row;
    return { ...row, read_seq: seen, unread: row.last_seq > seen ? row.unread : 0, mentioned: false };
  }

  #place(id) {
    if (!this.#places.has(id)) this.#places.set(id, this.#places.size);
  }
}

const waitedFor = (row) => row.unanswered_since ?? `~${row.last_message_at}`;

const queuedAt = (row) => row.queued_at ?? row.created_at;

function longestFirst(rows) {
  return rows.sort((one, other) => queuedAt(one).localeCompare(queuedAt(other)));
}

/** By when they began: a new message does not move a row under the reader's hand. */
function newestFirst(rows) {
  return rows.sort((one, other) => other.created_at.localeCompare(one.created_at));
}
