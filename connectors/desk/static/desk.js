/** The desk: signs in, builds the three columns and follows the change feed. */

import { hook } from "/static/dom.js";
import { Feed } from "/static/live.js";
import { DeskApi } from "./api.js";
import { ResolveDialog, keysDialog } from "./dialogs.js";
import { Files } from "./files.js";
import { listenToKeys } from "./keys.js";
import { Login } from "./login.js";
import { wordsFor } from "./refused.js";
import { shortcutsOf } from "./shortcuts.js";
import { Team } from "./team.js";
import { Typing } from "./typing.js";
import { startCounting } from "./waiting.js";
import { staffName } from "./words.js";
import { Workplace } from "./workplace.js";

const SERVING = new Set(["staff", "supervisor", "admin"]);
const root = hook(document, "desk");
const live = hook(root, "live");
const resolveDialog = new ResolveDialog(document);
const help = keysDialog(document);
let work = null; // the workplace of whoever signed in first on this page
let team = null;
let typing = null;
let feed = null;
let who = null;

const api = new DeskApi(root.dataset.api, { onExpired: expire });
const login = new Login(root, { api, onSignedIn: enter });

function expire() {
  if (root.dataset.state !== "ready") return;
  feed?.stop();
  login.show("登录已过期，请重新登录。您写的内容都已保存。");
}

function enter(me) {
  if (who && who !== me.staff.username) return location.reload(); // somebody else: nothing of the first stays
  who = me.staff.username;
  hook(root, "who").textContent = staffName(me.staff);
  const serves = SERVING.has(me.staff.role);
  hook(root, "forbidden").hidden = serves;
  root.dataset.state = serves ? "ready" : "forbidden";
  if (serves) begin(me);
}

async function begin(me) {
  const isAgain = Boolean(work);
  const say = (text) => (live.textContent = text);
  team ??= new Team(root, { api, staff: me.staff, work: () => work, resolveDialog, say });
  work ??= new Workplace(root, { api, staff: me.staff, team, say });
  work.talk.files ??= new Files(root, { api, work });
  typing ??= new Typing(root, { api, work });
  feed ??= new Feed({
    fetchChanges: (after, wait, signal) => api.changes(after, wait, signal),
    openSocket: () => api.openSocket(),
    onChanges: (changes, moment) => {
      work.receive(changes, moment);
      team.receive(changes, moment);
      typing.receive(changes);
    },
    onTyping: (typed) => typing.heard(typed),
    onState: (state) => {
      hook(root, "offline").hidden = state !== "offline";
      if (state === "online") {
        work.connected();
        work.talk.files.retryAll();
      }
      if (state === "refused") expire();
    },
  });
  if (!isAgain) listen();
  await team.presence.look();
  await work.load();
  team.start();
  feed.start(isAgain ? feed.cursor : me.cursor);
}

function listen() {
  startCounting();
  listenToKeys(shortcutsOf(work, team, help));
}

hook(root, "logout").addEventListener("click", async () => {
  try {
    await api.logout();
  } catch (error) {
    if (error.status !== 401) return void (live.textContent = `没能退出：${wordsFor(error)}`);
  }
  location.replace(location.pathname);
});

// Without a cookie the page says so, and there is nobody to ask for.
if (root.dataset.state === "login") login.show();
else api.me().then(enter, (error) => login.show(error.status === 401 ? "" : wordsFor(error)));
