/** The score at the end of a conversation: one to five with words, tags, a comment. */

import { element } from "/static/dom.js";

const SCORES = [[5, "很满意"], [4, "满意"], [3, "一般"], [2, "不满意"], [1, "很不满意"]];
const PRAISE = ["回答清楚", "办得快", "态度好", "解决了问题"];
const BLAME = ["没解决问题", "等得太久", "说不清楚", "态度不好"];
const LONGEST_COMMENT = 500;

/** @param who whom to rate, in words @param send `send(score, tags, comment)`, resolves to the server's answer @param skip called when put aside */
export function ratingNode(who, send, skip) {
  const form = element("form", { class: "rating", "aria-labelledby": "rating-title" });
  const tags = element("fieldset", { class: "rating-tags", hidden: true });
  const comment = element("textarea", { class: "rating-comment", rows: 2, maxlength: LONGEST_COMMENT, id: "rating-comment" });
  const words = element("div", { class: "rating-words", hidden: true },
    element("label", { for: "rating-comment", text: "还想说的（可不填）" }), comment);
  const submit = element("button", { class: "button button-primary", type: "submit", text: "提交评分", disabled: true });
  const notice = element("p", { class: "rating-notice", role: "alert" });
  const scores = element("fieldset", { class: "rating-scores" }, element("legend", { class: "visually-hidden", text: "满意度" }));
  for (const [score, word] of SCORES) {
    const choice = element("input", { type: "radio", name: "score", value: score, id: `score-${score}` });
    choice.addEventListener("change", () => {
      fillTags(tags, score >= 4 ? PRAISE : BLAME);
      tags.hidden = words.hidden = submit.disabled = false;
      // On a phone what has just unfolded would lie below the edge.
      submit.scrollIntoView({ block: "nearest" });
    });
    scores.append(element("label", { class: "score", for: `score-${score}` }, choice,
      element("b", { class: "figures", text: String(score) }), element("span", { text: word })));
  }
  form.append(
    element("h3", { id: "rating-title", text: `请为${who}的服务评分` }),
    scores, tags, words, notice,
    element("div", { class: "rating-acts" }, submit,
      element("button", { class: "button button-quiet", type: "button", text: "暂不评分", onclick: skip })),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    submit.disabled = true;
    notice.textContent = "";
    try {
      const answer = await send(Number(given.get("score")), given.getAll("tag"), comment.value.trim());
      form.replaceChildren(element("p", { class: "rating-thanks", role: "status" }, ...thanks(answer)));
    } catch (error) {
      notice.textContent = error.code ? error.message : "评分没有送达，请稍后再试。";
      submit.disabled = false;
    }
  });
  return form;
}

/** A low score is looked after, and the customer learns by whom and until when. */
function thanks({ follow_up: followUp }) {
  if (!followUp) return ["感谢您的评价，我们会据此改进服务。"];
  const number = element("span", { class: "rating-number figures", text: followUp.number });
  return [`很抱歉没有让您满意。平台主管会在 ${followUp.due} 前跟进，编号 `, number, "。"];
}

function fillTags(fieldset, words) {
  const chosen = new Set([...fieldset.querySelectorAll("input:checked")].map((box) => box.value));
  fieldset.replaceChildren(
    element("legend", { text: "哪些方面（可多选）" }),
    ...words.map((word) =>
      element("label", { class: "tag" },
        element("input", { type: "checkbox", name: "tag", value: word, ...(chosen.has(word) ? { checked: true } : {}) }),
        element("span", { text: word }))),
  );
}
