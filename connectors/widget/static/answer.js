/** What stands under an answer from the knowledge base: its basis, the details, and whether it helped. */

import { element } from "/static/dom.js";

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

/** 有帮助 / 没帮助. `judge(helpful)` tells the server; `judged` is what was said before, or null. */
export function helpfulNode(judged, judge) {
  const said = element("p", { class: "judged", role: "status" });
  const buttons = element("div", { class: "judgement", role: "group", "aria-label": "这条答复有帮助吗" });
  const show = (helpful) => {
    said.textContent = helpful ? "已记录：有帮助" : "已记录：没帮助，我们会改进这条答复";
    buttons.hidden = true;
  };
  const press = async (helpful) => {
    for (const button of buttons.children) button.disabled = true;
    try {
      await judge(helpful);
      show(helpful);
    } catch (error) {
      said.textContent = error.code ? error.message : "没有记录上，请稍后再点一次。";
      for (const button of buttons.children) button.disabled = false;
    }
  };
  for (const [text, helpful] of [["有帮助", true], ["没帮助", false]]) {
    buttons.append(element("button", { class: "judge", type: "button", text, onclick: () => press(helpful) }));
  }
  if (judged !== null) show(judged);
  return element("div", { class: "helpful" }, buttons, said);
}
