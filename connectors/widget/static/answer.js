/** What stands under an answer from the knowledge base: its basis, the details, and whether it helped. */

import { element } from "/static/dom.js";

const LONGEST_COMMENT = 500;

export function basisNode(faq) {
  if (!faq.basis?.length) return null;
  return element("p", { class: "basis" }, element("span", { class: "basis-label", text: "依据：" }), faq.basis.join("；"));
}

export function detailNode(faq) {
  if (!faq.detail) return null;
  const lines = faq.detail.split("\n").filter((line) => line.trim());
  return element(
    "details",
    { class: "unfold" },
    element("summary", { text: "详细说明" }),
    ...lines.map((line) => element("p", { text: line })),
  );
}

/** 有帮助 / 没帮助. `judge(helpful, comment)` tells the server; `judged` is what was said before, or null. */
export function helpfulNode(judged, judge) {
  const said = element("p", { class: "judged", role: "status" });
  const buttons = element("div", { class: "judgement", role: "group", "aria-label": "这条答复有帮助吗" });
  const node = element("div", { class: "helpful" }, buttons, said);
  const show = (helpful) => {
    said.textContent = helpful ? "已记录：有帮助" : "已记录：没帮助，我们会改进这条答复";
    buttons.hidden = true;
  };
  const press = async (helpful) => {
    for (const button of buttons.children) button.disabled = true;
    try {
      await judge(helpful);
      show(helpful);
      if (!helpful) node.append(missingNode(judge, said));
    } catch (error) {
      said.textContent = error.code ? error.message : "没有记录上，请稍后再点一次。";
      for (const button of buttons.children) button.disabled = false;
    }
  };
  for (const [text, helpful] of [["有帮助", true], ["没帮助", false]]) {
    buttons.append(element("button", { class: "judge", type: "button", text, onclick: () => press(helpful) }));
  }
  if (judged !== null) show(judged);
  return node;
}

/** What was missing, in the customer's words; may be left empty. */
function missingNode(judge, said) {
  const words = element("input", { class: "missing-words", type: "text", maxlength: LONGEST_COMMENT, placeholder: "哪里没说清楚", "aria-label": "哪里没说清楚", autocomplete: "off", enterkeyhint: "send" });
  const send = element("button", { class: "button missing-send", type: "submit", text: "补充" });
  const form = element("form", { class: "missing" }, words, send);
  form.onsubmit = async (event) => {
    event.preventDefault();
    const comment = words.value.trim();
    if (!comment) return words.focus();
    send.disabled = true;
    try {
      await judge(false, comment);
      form.remove();
      said.textContent = "已记录您的补充，我们会改进这条答复";
    } catch (error) {
      said.textContent = error.code ? error.message : "没有记录上，请稍后再试一次。";
      send.disabled = false;
    }
  };
  return form;
}
