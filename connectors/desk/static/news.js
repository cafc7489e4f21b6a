/** What happens where nobody is looking: said aloud, shown in the title, and moving nothing. */

export class News {
  constructor({ conversations, say, tell }) {
    Object.assign(this, { conversations, say, tell, pageTitle: document.title });
  }

  /** Somebody joined the queue. */
  joined(row, openId) {
    if (row.id !== openId) this.tell(row);
    this.say(`新的排队：${row.customer.name}，${row.first_words}`);
  }

  /** A customer of ours wrote, in a conversation that does not lie open. */
  announce({ conversation_id: id, message }, openId) {
    const row = this.conversations.row(id);
    const calls = id !== openId && message.author === "customer" && this.conversations.isMine(row);
    if (calls) this.say(`${row.customer.name} 有新消息`);
  }

  showTitle() {
    const unread = this.conversations.list("mine").filter((row) => this.conversations.unread(row)).length;
    const count = this.conversations.list("queue").length + unread;
    document.title = count ? `（${count}）${this.pageTitle}` : this.pageTitle;
  }
}
