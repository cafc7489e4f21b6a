/* The loader for other sites: <script src="https://…/widget.js" defer></script>
   Makes a button with a word and, once it is pressed, a frame with the assistant.
   Options: data-label (the word), data-side="left". */
(() => {
  "use strict";

  const script = document.currentScript ?? document.querySelector('script[src$="/widget.js"]');
  if (!script || document.querySelector("quality-assistant")) return;
  const SOURCE = "quality-assistant";
  const home = new URL(script.src).origin;
  const label = script.dataset.label || "质量服务咨询";
  const side = script.dataset.side === "left" ? "left" : "right";

  const STYLE = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    button {
      position: fixed; z-index: 2147483000; ${side}: max(16px, env(safe-area-inset-${side}));
      bottom: max(16px, env(safe-area-inset-bottom)); min-height: 48px; padding: 8px 20px; border: 0;
      border-radius: 24px; background: #1f5fbf; color: #fff; cursor: pointer;
      font: 600 16px/1.4 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
      box-shadow: 0 8px 28px rgb(27 36 48 / 24%);
    }
    button:hover { background: #174a96; }
    button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
    .count {
      display: inline-block; min-width: 22px; margin-inline-start: 8px; padding: 0 6px; border-radius: 11px;
      background: #fff; color: #174a96; font-size: 14px; line-height: 22px; text-align: center;
    }
    iframe {
      position: fixed; z-index: 2147483001; ${side}: 16px; bottom: 16px; width: 400px; height: min(680px, calc(100vh - 32px));
      border: 0; border-radius: 16px; background: #fff; box-shadow: 0 8px 28px rgb(27 36 48 / 24%); color-scheme: light dark;
    }
    [hidden] { display: none; }
    @media (max-width: 479px) {
      iframe { inset: 0; width: 100%; height: 100%; border-radius: 0; }
    }`;

  const host = document.createElement("quality-assistant");
  const shadow = host.attachShadow({ mode: "open" });
  // A constructed sheet is allowed where a page forbids inline styles.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const count = document.createElement("span");
  count.className = "count";
  count.hidden = true;
  button.append(label, count);
  shadow.append(button);

  let frame = null;
  let isReady = false;

  const tell = (type) => {
    if (isReady) frame.contentWindow.postMessage({ source: SOURCE, type }, home);
  };

  function makeFrame() {
    frame = document.createElement("iframe");
    frame.title = label;
    frame.src = `${home}/widget?origin=${encodeURIComponent(location.origin)}`;
    shadow.append(frame);
  }

  function open() {
    if (!frame) makeFrame();
    frame.hidden = false;
    button.hidden = true;
    button.setAttribute("aria-expanded", "true");
    frame.focus();
    tell("opened");
  }

  function close() {
    frame.hidden = true;
    button.hidden = false;
    button.setAttribute("aria-expanded", "false");
    button.focus();
    tell("closed");
  }

  const handlers = {
    ready() {
      isReady = true;
      tell(frame.hidden ? "closed" : "opened");
    },
    close,
    unread({ count: unread }) {
      count.hidden = !unread;
      count.textContent = unread > 99 ? "99+" : String(unread);
      button.setAttribute("aria-label", unread ? `${label}，${unread} 条新消息` : label);
    },
  };

  button.addEventListener("click", open);
  window.addEventListener("message", (event) => {
    if (!frame || event.origin !== home || event.source !== frame.contentWindow) return;
    const { source, type } = event.data ?? {};
    if (source === SOURCE && Object.hasOwn(handlers, type)) handlers[type](event.data);
  });
  if (document.body) document.body.append(host);
  else document.addEventListener("DOMContentLoaded", () => document.body.append(host));
})();
