/** How far our messages have come, and what to do about those that did not reach the customer. */

import { element } from "/static/dom.js";
import { wordsFor } from "./refused.js";

const REASONS = {
  user_refuses: "客户已取消关注或拒收", content_refused: "内容被渠道拒绝", window_closed: "超过渠道的回复时限", no_consent: "客户没有同意接收通知", field_rule: "内容不合模板的规则",
  saved_for_reply: "最后一条留给回复，与它一起送出",
  passive_mode: "公众号没有主动发消息的权限",
  quota_used: "渠道允许的条数已用完", channel_timeout: "渠道没有应答", channel_error: "渠道出错",
  wecom_agent: "企业微信坐席正在接待，这里发不出去", session_ended: "会话在企业微信已结束", session_state: "企业微信暂不允许发送",
  kf_account_gone: "客服账号已删除", kf_app_closed: "微信客服应用已关闭", kf_no_video_channel: "没有绑定视频号",
  kf_not_verified: "企业未认证", kf_nobody_logged_in: "企业里没有人登录企业微信", kf_unknown: "微信客服没有送达，原因不明", unknown_customer: "微信客服不认识这位客户",
  unreachable: "连不上微信，会再发", access_token: "微信凭证失效，请管理员检查", wechat_busy: "微信繁忙，会再发", minute_quota: "发得太快，稍后再发",
  daily_quota: "今天的接口额度已用完，过了零点再发", ip_not_listed: "服务器地址不在白名单，请管理员添加", ip_confirmation: "等待管理员在微信确认服务器地址",
  app_id: "AppID 有误，请管理员检查", app_secret: "AppSecret 有误，请管理员检查", wecom_secret: "企业微信的 Secret 有误，请管理员检查", corp_id: "企业 ID 有误，请管理员检查",
  banned: "账号的接口被封禁", platform_ip: "服务器地址不在白名单，请管理员添加", not_authorised: "账号没有授权", account_blocked: "客服账号被限制",
  no_permission: "应用没有接口权限", api_switched_off: "客服账号没有打开接口", used_in_wecom: "客服账号改由企业微信使用", not_used_in_wecom: "客服账号没有交给应用",
  unknown_openid: "微信不认识这位客户", not_following: "客户没有关注公众号", blacklisted: "客户在黑名单里", customer_refuses: "客户拒收", customer_limited: "客户的账号被限制",
  template_id: "模板编号有误，请管理员检查", customer_service_off: "公众号没有开通客服", customer_service_account: "公众号的客服账号有误",
  unfollowed: "客户已取消关注", erased: "客户的资料已删除", unknown_error: "微信拒绝了，原因不明",
  interrupted: "发送途中中断", no_address: "没有客户的地址", busy: "渠道繁忙", staff_put_off: "工作人员选择等待",
};
const WAYS = {
  again: "重发", text: "只发文字", next_contact: "等客户来信时再发", case: "记入工单",
};
// A long reason still has to fit under its message.
const LONGEST = 40;

export class Deliveries {
  #marks = new Map(); // message id -> {message, parent, node}

  constructor(api) {
    this.api = api;
  }

  clear() {
    this.#marks.clear();
  }

  /** Gives a shown message its mark; the customer's own words and notes have none. */
  attach(message, entry) {
    if (message.author === "customer" || message.private) return;
    const node = element("p", { class: "delivery", hidden: true });
    const parent = entry.querySelector("article") ?? entry.firstElementChild;
    (parent.matches("p") ? entry : parent).append(node);
    this.#marks.set(message.id, { message, parent, node });
    this.#show(message.id, message.delivery);
  }

  /** What was learned of a message that is shown already. */
  know(message) {
    if (message.delivery) this.#show(message.id, message.delivery);
  }

  /** A line of the feed: states by message, or up to where the customer's page has fetched. */
  note({ messages = {}, delivered_seq: seq = 0 }) {
    for (const [id, delivery] of Object.entries(messages)) this.#show(id, delivery);
    for (const [id, { message }] of this.#marks) {
      if (message.seq <= seq && message.delivery?.state !== "delivered") this.#show(id, { state: "delivered", reason: "" });
    }
  }

  #show(id, delivery) {
    const mark = this.#marks.get(id);
    if (!mark || !delivery) return;
    mark.message.delivery = delivery;
    const isStuck = delivery.state === "failed" || delivery.state === "held";
    const words = wordsOf(delivery);
    // What the bot and the system say is many lines; of those only trouble is worth one more.
    const isShown = words && (isStuck || delivery.state === "moved" || delivery.reason || mark.message.author === "staff");
    mark.node.hidden = !isShown;
    mark.parent.classList.toggle("message-failed", delivery.state === "failed");
    mark.node.replaceChildren(words, ...(isStuck ? this.#buttons(mark, delivery.state) : []));
  }

  #buttons({ message, node }, state) {
    const hasMore = message.kind !== "text" || message.data?.buttons?.length;
    const ways = ["again", ...(hasMore ? ["text"] : []), ...(state === "held" ? [] : ["next_contact"]), "case"];
    return ways.flatMap((way) => [" ", element("button", { class: "link", type: "button", text: WAYS[way], onclick: () => this.#settle(message, node, way) })]);
  }

  async #settle(message, node, way) {
    for (const button of node.querySelectorAll("button")) button.disabled = true;
    try {
      const { delivery } = await this.api.settle(message.id, way);
      this.#show(message.id, delivery);
    } catch (error) {
      for (const button of node.querySelectorAll("button")) button.disabled = false;
      node.querySelector("span")?.remove();
      node.append(element("span", { text: ` ${wordsFor(error)}` }));
    }
  }
}

function wordsOf({ state, reason }) {
  const why = reason ? `：${(REASONS[reason.split(":")[0]] ?? reason).slice(0, LONGEST)}` : "";
  return {
    stored: "已发出，客户尚未收到",
    waiting: why ? `正在重试${why}` : "发送中",
    sending: "发送中",
    sent: "已发出",
    delivered: "已送达",
    held: `等客户来信时送达${why}`,
    failed: `⚠ 未送达${why}`,
    moved: `未送达，已记入工单 ${reason.replace("case:", "")}`,
  }[state] ?? "";
}
