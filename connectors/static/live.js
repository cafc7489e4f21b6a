/** The change feed: first load, live update and reconnect are the same query.
 *
 * `fetchChanges(after, waitSeconds, signal)` resolves to `{changes, cursor}`. `openSocket()` may
 * return a WebSocket, which only says "ask now"; without one the request itself waits. Either may
 * bring word that somebody is typing, which is no change: `onTyping({conversation_id, seconds})`.
 * An error with `permanent` set ends the feed (state "refused"); any other is tried again.
 */

const WAIT_SECONDS = 25; // the longest the server holds a request
const CHECK_MILLISECONDS = 60_000; // with a socket open, ask this often all the same
const HIDDEN_MILLISECONDS = 30_000; // nobody looks and nothing wakes us
const LONGEST_PAUSE = 30_000;
const CONNECT_MILLISECONDS = 5_000;

export class Feed {
  #running = false;
  #caughtUp = false;
  #failures = 0;
  #socket = null;
  #socketFailures = 0;
  #woken = false;
  #awaken = null;
  #request = null;
  #state = "";

  constructor({ fetchChanges, openSocket = () => null, onChanges, onState = () => {}, onTyping = () => {} }) {
    Object.assign(this, { fetchChanges, openSocket, onChanges, onState, onTyping });
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => this.#running && this.#say("offline"));
  }

  start(cursor = 0) {
    if (this.#running) return;
    this.#running = true;
    this.#caughtUp = false;
    this.#state = ""; // the first that is said is news, also when it is what was said before the stop
    this.cursor = cursor;
    this.#connect();
    this.#run();
  }

  stop() {
    this.#running = false;
    this.#request?.abort();
    this.#socket?.close();
    this.wake();
  }

  /** Ask now, whatever we were waiting for. */
  wake() {
    this.#woken = true;
    this.#awaken?.();
  }

  async #run() {
    while (this.#running) {
      const asked = Date.now();
      try {
        const page = await this.#ask();
        if (!this.#running) return;
        this.#failures = 0;
        // An answer that was on its way when the network went says nothing about the network.
        this.#say(navigator.onLine ? "online" : "offline");
        this.cursor = page.cursor;
        if (page.typing) this.onTyping(page.typing);
        if (page.changes.length) {
          this.onChanges(page.changes, { live: this.#caughtUp });
        } else {
          if (!this.#caughtUp) this.onChanges([], { live: false, caughtUp: true });
          this.#caughtUp = true;
          await this.#rest(Date.now() - asked);
        }
      } catch (error) {
        if (!this.#running) return;
        if (error.permanent) {
          this.#running = false;
          this.#say("refused", error);
          return;
        }
        this.#failures += 1;
        if (this.#failures > 1 || !navigator.onLine) this.#say("offline");
        await this.#pause(backoff(this.#failures));
      }
    }
  }

  async #ask() {
    const wait = this.#caughtUp && !this.#isOpen() && !document.hidden ? WAIT_SECONDS : 0;
    this.#request = new AbortController();
    const limit = setTimeout(() => this.#request.abort(), (wait + 10) * 1000);
    try {
      return await this.fetchChanges(this.cursor, wait, this.#request.signal);
    } finally {
      clearTimeout(limit);
    }
  }

  #rest(spent) {
    if (this.#isOpen()) return this.#pause(CHECK_MILLISECONDS);
    if (document.hidden) return this.#pause(HIDDEN_MILLISECONDS);
    // The request did the waiting. A server that answers at once must not make us spin.
    return spent < 500 ? this.#pause(300) : undefined;
  }

  #pause(milliseconds) {
    if (this.#woken) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#awaken = () => {
        clearTimeout(timer);
        this.#woken = false;
        this.#awaken = null;
        resolve();
      };
    });
  }

  #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #connect() {
    if (!this.#running) return;
    const socket = this.openSocket();
    if (!socket) return;
    this.#socket = socket;
    const limit = setTimeout(() => socket.readyState || socket.close(), CONNECT_MILLISECONDS);
    socket.onopen = () => {
      this.#socketFailures = 0;
      this.wake();
    };
    socket.onmessage = ({ data }) => {
      const { typing } = frameIn(data);
      if (typing) this.onTyping(typing);
      else this.wake();
    };
    socket.onclose = () => {
      clearTimeout(limit);
      this.#socketFailures += 1;
      this.wake();
      if (this.#running) setTimeout(() => this.#connect(), backoff(this.#socketFailures));
    };
  }

  #say(state, detail) {
    if (state === this.#state) return;
    this.#state = state;
    this.onState(state, detail);
  }
}

function frameIn(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

/** 1, 2, 4 … 30 seconds, each made unequal so that clients do not come back all at once. */
export function backoff(failures) {
  const longest = Math.min(LONGEST_PAUSE, 500 * 2 ** failures);
  return longest * (0.6 + 0.4 * Math.random());
}
