/** A file in a conversation: a picture in its place, anything else as a card that downloads. */

import { element, hiddenLabel } from "/static/dom.js";

const OURS = /^\/api\/attachments\/[0-9a-f]{32}$/;
const LARGEST = 240; // pixels of a picture in the conversation, either way
const FRESH_MILLISECONDS = 5 * 60_000; // links last ten minutes; older ones are asked for again

/** @param addressOf gives (a promise of) the address under which this browser may have the file */
export function attachmentNode(file, addressOf) {
  if (!OURS.test(file.url ?? "")) return element("span", { class: "document", text: file.name ?? "附件" });
  const isPicture = /^image\//.test(file.type) && file.width > 0 && file.height > 0;
  const link = element("a", { class: isPicture ? "picture" : "document", target: "_blank", rel: "noopener" });
  if (!isPicture) link.setAttribute("download", file.name);
  const address = new Address(file, addressOf);
  for (const moment of ["pointerdown", "focus"]) link.addEventListener(moment, () => address.refresh().then((url) => (link.href = url), () => {}));
  link.append(isPicture ? pictureNode(file, address, link) : cardNode(file));
  whenSeen(link, () => address.refresh().then((url) => (link.href = url), () => {}));
  return link;
}

/** Ours before the server has it: on its way, or failed.
 *  @param item see `Uploads`; its `showProgress` is set here, so that the node stays while it fills
 *  @param author as which it is drawn */
export function pendingFileNode(item, author) {
  const { file, state, progress, reason, permanent, retry, discard } = item;
  const act = (text, onclick) => element("button", { class: "file-act", type: "button", text, onclick });
  const bubble = element("div", { class: "bubble" }, element("span", { class: "document" }, cardNode(file)));
  const node = element("div", { class: `message message-${author} message-pending` }, bubble);
  if (state === "failed") {
    node.classList.add("message-failed");
    const acts = permanent ? [act("知道了", discard)] : [act("重新发送", retry), act("不发了", discard)];
    node.append(element("p", { class: "delivery" }, `⚠ 未发送${reason ? `：${reason}` : ""}`), element("p", { class: "delivery" }, ...acts));
    return node;
  }
  const bar = element("progress", { class: "upload", max: 100, "aria-label": `正在上传 ${file.name}` });
  const words = element("span", { class: "figures" });
  item.showProgress = (share) => {
    bar.value = Math.round(share * 100);
    words.textContent = share < 1 ? `正在上传 ${bar.value} %` : "正在检查";
  };
  item.showProgress(progress);
  node.append(bar, element("p", { class: "delivery" }, words, " ", act("取消", discard)));
  return node;
}

function pictureNode(file, address, link) {
  const shrink = Math.min(1, LARGEST / file.width, LARGEST / file.height);
  const size = { width: Math.max(1, Math.round(file.width * shrink)), height: Math.max(1, Math.round(file.height * shrink)) };
  const image = element("img", { class: "picture-image", alt: `图片：${file.name}`, ...size });
  image.onerror = () => {
    const again = element("button", { class: "file-act", type: "button", text: "图片没有加载出来，点此重试" });
    again.onclick = (event) => {
      event.preventDefault();
      again.replaceWith(image);
      address.refresh(true).then((url) => (image.src = url), image.onerror);
    };
    image.replaceWith(again);
  };
  whenSeen(link, () => address.refresh().then((url) => (image.src = url), image.onerror));
  return image;
}

function cardNode(file) {
  const sort = sortOf(file);
  return element(
    "span",
    { class: "document-inner" },
    element("span", { class: "document-sort", text: sort, "aria-hidden": "true" }),
    element("span", { class: "document-name" }, hiddenLabel("文件："), file.name, element("span", { class: "document-size figures", text: sizeOf(file.size) })),
  );
}

/** What a card says in its corner: PDF, DOCX … */
function sortOf({ name = "", type = "" }) {
  const extension = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1];
  return (extension ?? type.split("/").pop() ?? "文件").toUpperCase().slice(0, 5);
}

/** 640 B, 12 KB, 3.4 MB */
export function sizeOf(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

class Address {
  #asked = null;
  #at = 0;

  constructor(file, addressOf) {
    Object.assign(this, { file, addressOf });
  }

  refresh(isNow = false) {
    if (isNow || !this.#asked || Date.now() - this.#at > FRESH_MILLISECONDS) {
      this.#at = Date.now();
      this.#asked = Promise.resolve(this.addressOf(this.file));
      this.#asked.catch(() => (this.#asked = null));
    }
    return this.#asked;
  }
}

/** Once the reader comes near it; a long history does not ask for a hundred links. */
function whenSeen(node, work) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((each) => each.isIntersecting)) return;
      observer.disconnect();
      work();
    },
    { rootMargin: "300px" },
  );
  observer.observe(node);
}
