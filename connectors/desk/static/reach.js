/** Whether a reply would reach the customer now: WeChat lets us answer for 48 hours, five times. */

const CLOSED = "微信不再转达：客户 48 小时内没有说话，或者已收满 5 条，或者会话在企业微信那边。您的回复会先留着，客户再说话时送达。";

const PASSIVE = "这个公众号没有主动发消息的权限：您的回复会先留着，客户再说话时随答复送达。";

export function showReach(node, reach) {
  const words = !reach ? "" : reach.passive ? PASSIVE : !reach.open ? CLOSED : reach.left <= 2 ? `微信里还能发 ${reach.left} 条；再多的会留到客户下次说话时送达。` : "";
  node.textContent = words;
  node.hidden = !words;
  node.classList.toggle("is-closed", Boolean(reach && !reach.open));
}
