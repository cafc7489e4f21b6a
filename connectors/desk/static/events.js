/** What happened to a conversation, as lines between its messages. */

import { element } from "/static/dom.js";
import { spokenTime } from "/static/times.js";
import { reasonName, receiverName, staffName } from "./words.js";

const PROMISES = { first_response: "首次回复", next_response: "回复", resolution: "办结" };

const OFFERS = { refused: "对方没有接受", expired: "对方没有及时答复", withdrawn: "没有转成" };

/** Accepting has no words of its own: the customer was told who serves, and that line says it. */
const WORDS = {
  request_handoff: ({ reason }) => `转人工 · 原因：${reasonName(reason) || "未说明"}`,
  assign: ({ staff }) => `已分配给${staffName(staff)}`,
  transfer: ({ staff, reason, to }) => (to === "queued" ? `${staffName(staff)}转给${receiverName({ group: reason.replace("group:", "") })}` : `转接给${staffName(staff)}`),
  offer: ({ staff, receiver, group, state }) => `${staffName(staff)}想转接给${receiverName({ to: receiver, group })}，${OFFERS[state]}`,
  take_over: ({ staff }) => `${staffName(staff)}接管`,
  requeue: ({ staff, reason }) => [`${staff ? staffName(staff) : ""}放回排队`, reasonName(reason)].filter(Boolean).join(" · "),
  return_to_bot: ({ staff }) => `${staffName(staff)}交还机器人`,
  cancel_handoff: () => "客户取消排队",
  leave_message: () => "客户留言",
  customer_end: () => "客户结束人工服务",
  idle_end: () => "长时间没有消息，自动结束",
  postponed: ({ staff, until, reason }) => [`${staffName(staff)}稍后处理，${spokenTime(until)} 提醒`, reason].filter(Boolean).join(" · "),
  woken: ({ cause }) => (cause === "due" ? "稍后处理的时间到了" : "恢复处理"),
  resolve: ({ staff, reason }) => `${staffName(staff)}结束服务${reason ? ` · 办理结果：${reason}` : ""}`,
  feedback: ({ score, comment }) => `客户评分 ${score} 分${comment ? `：${comment}` : ""}`,
  thumb: ({ helpful, comment }) => `客户认为机器人的答复${helpful ? "有帮助" : "没有帮助"}${comment ? `：${comment}` : ""}`,
  sla_warning: ({ which }) => `△ ${PROMISES[which]}临近承诺时限`,
  sla_breached: ({ which }) => `▲ ${PROMISES[which]}超过承诺时限`,
};

/** @returns null for what needs no line */
export function eventNode(event) {
  const words = WORDS[event.transition]?.(event);
  if (!words) return null;
  return element(
    "p",
    { class: `message message-event event-${event.transition}` },
    element("span", { text: words }),
    " ",
    element("time", { datetime: event.happened_at, text: spokenTime(event.happened_at) }),
  );
}
