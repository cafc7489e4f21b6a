/** What the browser keeps for us. Inside a foreign page storage may be forbidden; then it lasts
 *  as long as the page does, and nothing else changes. */

const memory = new Map();

export class Storage {
  constructor(prefix) {
    this.prefix = prefix;
  }

  get(name, otherwise = null) {
    const key = this.prefix + name;
    try {
      const kept = window.localStorage.getItem(key);
      return kept === null ? (memory.get(key) ?? otherwise) : JSON.parse(kept);
    } catch {
      return memory.get(key) ?? otherwise;
    }
  }

  set(name, value) {
    const key = this.prefix + name;
    memory.set(key, value);
    try {
      window.localStorage.setItem(key, JSON.stringify(value));
    } catch {
      /* Forbidden or full: memory has it. */
    }
  }

  remove(name) {
    const key = this.prefix + name;
    memory.delete(key);
    try {
      window.localStorage.removeItem(key);
    } catch {
      /* Nothing was kept there. */
    }
  }
}
