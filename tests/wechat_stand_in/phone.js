// One customer's phone: what it sends goes to the stand-in, which delivers it as Tencent would.

const { user, line } = document.body.dataset;
const whose = new URLSearchParams({ user, line });
const find = (id) => document.getElementById(id);
const chat = find("chat");
const LONG_PAUSE = 5 * 60 * 1000;
let shown = "";
let atEnd = true;
const end = () => { chat.scrollTop = chat.scrollHeight; };

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function send(path, body, type) {
  await fetch(`${path}?${whose}`, { method: "POST", body, headers: { "Content-Type": type } });
  find("more").hidden = true;
  await look();
}

const act = (body) => send("/do", JSON.stringify(body), "application/json");

function linked(words, href) {
  return Object.assign(element("a", "", words), { href, target: "_blank", rel: "noopener" });
}

// WeChat makes links of addresses and of <a>, and shows any other markup as it stands.
function put(words, bubble) {
  const links = /<a\s[^>]*href="([^"]+)"[^>]*>(.*?)<\/a>|https?:\/\/[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+/gi;
  let end = 0;
  for (const found of words.matchAll(links)) {
    bubble.append(words.slice(end, found.index));
    bubble.append(linked(found[2] ?? found[0], found[1] ?? found[0]));
    end = found.index + found[0].length;
  }
  bubble.append(words.slice(end));
}

function filled(said) {
  const bubble = element("div", "bubble");
  if (said.msgtype === "text") put(said.text.content, bubble);
  else if (said.msgtype === "image") {
    bubble.classList.add("bubble-picture");
    const picture = bubble.appendChild(element("img"));
    picture.addEventListener("load", () => atEnd && end());
    Object.assign(picture, { src: `/media/${said.image.media_id}`, alt: "图片" });
  } else if (said.msgtype === "msgmenu") {
    put(said.msgmenu.head_content, bubble);
    const choices = bubble.appendChild(element("div", "choices"));
    for (const item of said.msgmenu.list) {
      const choice = choices.appendChild(element("button", "", item.content));
      choice.addEventListener("click", () => act({ act: "text", text: item.content, menu_id: item.id }));
    }
  } else if (said.msgtype === "location") bubble.append(element("small", "", "位置"), said.label);
  else bubble.append({ voice: "语音 3″" }[said.msgtype] ?? `［${said.msgtype}］`);
  return bubble;
}

// A template or subscription message: nobody's bubble, but a card across the chat.
function card(said) {
  const made = element("li", "card");
  const facts = element("dl");
  for (const [label, value] of said.facts) facts.append(element("dt", "", label), element("dd", "", value));
  made.append(element("h3", "", said.title), facts);
  if (said.link) made.append(linked("查看详情", said.link));
  return made;
}

function row(said) {
  if (said.msgtype === "event") return element("li", "note", said.label);
  if (said.msgtype === "notice") return card(said);
  const made = element("li", `said said-${said.by}`);
  const face = made.appendChild(element("span", "face", said.by === "user" ? "我" : "质"));
  face.setAttribute("aria-label", said.by === "user" ? "我" : "对方");
  made.append(filled(said));
  return made;
}

function rows(talk) {
  let before = 0;
  return talk.flatMap((said) => {
    const at = Date.parse(said.at);
    const pause = at - before > LONG_PAUSE;
    before = at;
    const time = new Date(at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
    return pause ? [element("li", "note", time), row(said)] : [row(said)];
  });
}

async function look() {
  const seen = await (await fetch(`/seen?${whose}`)).json();
  find("state").textContent = seen.typing ? "对方正在输入…" : `演练 · ${seen.state}`;
  find("left").textContent = `${seen.left} 条`;
  showOnly("subscribe", !seen.follows || seen.talk.length === 0);
  showOnly("unsubscribe", seen.follows);
  const numbers = JSON.stringify(seen.talk).match(/Y[A-Z]-\d{8}-\d{4}/g);
  for (const link of document.querySelectorAll('[data-scene^="case_"]')) {
    link.dataset.scene = `case_${numbers?.at(-1) ?? ""}`;
    link.hidden = !numbers;
  }
  const now = JSON.stringify(seen.talk);
  if (now === shown) return;
  atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80 || seen.talk.at(-1)?.by === "user";
  shown = now;
  const nothing = element("li", "note", "这是演练，不连接微信。直接说一句话就行；⊕ 里还有图片、位置、扫码等。");
  chat.replaceChildren(...(seen.talk.length ? rows(seen.talk) : [nothing]));
  if (atEnd) end();
}

function showOnly(name, isShown) {
  for (const each of document.querySelectorAll(`[data-act="${name}"]`)) each.hidden = !isShown;
}

function show(part) {
  find("menu").hidden = part !== "menu";
  find("composer").hidden = part === "menu";
  find("more").hidden = true;
  if (part === "keyboard") find("words").focus();
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("words").value.trim();
  find("words").value = "";
  if (text) act({ act: "text", text });
});
find("picture").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) send("/picture", file, file.type);
  event.target.value = "";
});
document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("button");
  for (const open of document.querySelectorAll("details[open]")) {
    if (!open.contains(target) || pressed) open.open = false;
  }
  if (!pressed) return;
  const { toggle, say, key, act: name, scene, label } = pressed.dataset;
  if (toggle === "more") {
    find("more").hidden = !find("more").hidden;
    if (atEnd) end();
  }
  else if (toggle) show(toggle);
  else if (say) act({ act: "text", text: say });
  else if (key) act({ act: "menu", key });
  else if (name) {
    const [, number = ""] = (scene ?? "").split("case_");
    act({ act: name, scene, label: `${label}${number}` });
  }
});

find("another").href = `?user=${Number(user) + 1 || 2}&line=${line}`;
setInterval(look, 700);
look();
