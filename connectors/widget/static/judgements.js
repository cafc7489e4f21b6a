/** Which answers were said to help, so that nobody is asked twice. */

const REMEMBERED = 300;

export class Judgements {
  constructor({ storage, transport }) {
    Object.assign(this, { storage, transport });
  }

  of(message) {
    return this.storage.get("judged", {})[message.id] ?? null;
  }

  async give(message, helpful, comment = "") {
    await this.transport.judge(message, helpful, comment);
    const given = Object.entries({ ...this.storage.get("judged", {}), [message.id]: helpful });
    this.storage.set("judged", Object.fromEntries(given.slice(-REMEMBERED)));
  }
}
