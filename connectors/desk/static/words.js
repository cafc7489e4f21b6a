/** What codes are called in Chinese. An unknown code is shown as it is: better odd than hidden. */

const CATEGORIES = {
  metrology: "计量", standards: "标准", testing: "检验检测", certification: "认证",
  quality_management: "质量管理", brand: "品牌", ip: "知识产权", policy: "政策",
  supply_chain: "供应链", other: "其他服务", out_of_scope: "非服务问题",
};
const INTENTS = {
  ask_metrology: "问计量", ask_standards: "问标准", ask_testing: "问检验检测", ask_certification: "问认证",
  ask_quality_management: "问质量管理", ask_brand: "问品牌", ask_ip: "问知识产权", ask_policy: "问政策",
  ask_supply_chain: "问供应链", ask_other: "问其他服务", ask_platform: "问平台怎么用", ask_followup: "追问",
  find_institution: "找机构", find_instrument: "找仪器设备", find_expert: "找专家", lookup_standard: "查标准",
  open_case: "提交需求", ask_case_status: "问工单进度", give_feedback: "评价", complain: "投诉",
  request_handoff: "要人工", greet: "问好", thank: "道谢", goodbye: "道别", affirm: "肯定", deny: "否定",
  cancel: "取消", help: "求助", ask_bot_identity: "问是不是机器人", inform: "补充信息",
  choose_entry: "选择问题", none_of_these: "都不是", out_of_scope: "超出范围",
};
const REASONS = {
  customer_asked: "客户要求人工", not_understood: "机器人没有听懂", complaint: "投诉",
  low_score: "客户不满意", sensitive: "敏感话题", action_failed: "机器人办理失败",
  failure: "系统故障", out_of_hours: "非工作时间", staff_stepped_in: "坐席主动接入",
  continued: "接着上次的服务", silent: "很久没有回复", vanished: "失去联系", signed_out: "退出登录", chosen: "离开",
};
const FAILURES = {
  brain_unreachable: "智能服务没有连上", brain_timeout: "智能服务超时", brain_error: "智能服务出错",
  brain_silent: "智能服务没有回答", action_failed: "办理动作失败", model_missing: "模型没有加载",
};
const FACTS = {
  standard_number: "标准号", instrument: "器具", product: "产品", region: "地区", phone: "电话",
  company: "单位", date: "日期", case_number: "工单号", category: "服务类别", quantity: "数量",
  wanted_service: "想要的服务", wanted_region: "想在哪里", asked_case: "问到的工单", phone_tail: "电话尾号",
  case_subject: "办什么", case_choice: "办理选择", case_need: "需求", case_category: "服务类别",
  case_quantity: "数量", case_mode: "方式", case_time: "时间", case_phone: "电话", case_contact: "联系人",
  case_company: "单位", complaint_reason: "投诉原因", complaint_target: "投诉对象",
  feedback_score: "评分", feedback_comment: "评价",
};
const CASE_STATUSES = {
  submitted: "已提交", accepted: "已受理", matched: "已匹配机构", quoted: "待客户确认报价", in_progress: "办理中",
  done: "已办结", cancelled: "已撤销",
};
const CASE_STEPS = {
  accepted: "受理", matched: "已匹配机构", quoted: "已有报价", in_progress: "开始办理", done: "办结", cancelled: "撤销",
};
const CASE_KINDS = { message: "留言", complaint: "投诉", follow_up: "低分回访" };
export const CASE_KIND_NAMES = { service: "服务需求", ...CASE_KINDS };
export const CASE_STATUS_NAMES = CASE_STATUSES;
const CASE_DETAILS = { quantity: "数量", mode: "方式", time: "时间", institution: "机构", target: "投诉对象", undelivered: "未送达的回复", score: "评分", comment: "意见", staff: "服务人员" };
const CASE_VALUES = { onsite: "现场", delivery: "送检", any: "都可以" };
const PRESENCES = { available: "在线", away: "离开", away_and_requeue: "离开", offline: "离线" };
const CHANNELS = { widget: "网页", wechat: "微信", wechat_kf: "微信客服" };

export const CATEGORY_NAMES = Object.fromEntries(Object.entries(CATEGORIES).filter(([code]) => code !== "out_of_scope"));
export const CHANNEL_NAMES = CHANNELS;
export const categoryName = (code) => (code ? (CATEGORIES[code] ?? code) : "");
export const intentName = (code) => (code ? (INTENTS[code] ?? code) : "");
export const reasonName = (code) => (code ? (REASONS[code] ?? FAILURES[code] ?? code) : "");
export const failureName = (code) => FAILURES[code] ?? code;
export const factName = (code) => FACTS[code] ?? code;
export const caseStatus = (code) => CASE_STATUSES[code] ?? code;
export const caseStep = (code) => CASE_STEPS[code] ?? code;
export const caseKind = (code) => CASE_KINDS[code] ?? "";
export const caseKindName = (code) => CASE_KIND_NAMES[code] ?? code;

/** A detail's label, or with a value, the value in words; details without a label are technical. */
export const caseDetail = (name, value = null) => (value === null ? CASE_DETAILS[name] : String(CASE_VALUES[value] ?? value));
export const presenceName = (code) => PRESENCES[code] ?? code;
export const channelName = (code) => CHANNELS[code] ?? code;

/** 王工（03 号） */
export function staffName(staff) {
  if (!staff?.name) return "工作人员";
  return staff.number ? `${staff.name}（${staff.number} 号）` : staff.name;
}

/** Whom a conversation is offered to, or who of a group took it. */
export const receiverName = ({ to, group }) => (to ? staffName(to) : `${categoryName(group) || "其他"}组`);

/** 92 % */
export const percent = (share) => (typeof share === "number" ? `${Math.round(share * 100)} %` : "");
