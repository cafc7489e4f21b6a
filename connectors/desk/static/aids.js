/** The part of the desk API that helps staff: what they keep, look up and are called to. */

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
const of = (id) => `/conversations/${encodeURIComponent(id)}`;

export class Aids {
  constructor(api) {
    this.api = api;
  }

  saveDraft(id, draft) {
    return this.api.call("PUT", `${of(id)}/draft`, draft);
  }

  markRead(id, seq) {
    return this.api.call("PUT", `${of(id)}/read`, { seq });
  }

  /** What fits what was typed after “/”, filled in for a conversation. */
  async offers(text, conversation) {
    return (await this.api.call("GET", `/canned/offers?${query({ text, conversation })}`)).offers;
  }

  countUse(key) {
    return this.api.call("POST", "/canned/used", { key });
  }

  canned() {
    return this.api.call("GET", "/canned/");
  }

  /** @param id null for a new one */
  keepCanned(id, phrase) {
    return id === null ? this.api.call("POST", "/canned/", phrase) : this.api.call("PUT", `/canned/${id}`, phrase);
  }

  dropCanned(id) {
    return this.api.call("DELETE", `/canned/${id}`, {});
  }

  async colleagues() {
    return (await this.api.call("GET", "/mentions/colleagues")).colleagues;
  }

  mentions() {
    return this.api.call("GET", "/mentions");
  }

  search(asked) {
    return this.api.call("GET", `/search?${query(asked)}`);
  }

  enterprises(text) {
    return this.api.call("GET", `/enterprises?${query({ text })}`);
  }

  keepEnterprise(fields) {
    return this.api.call("POST", "/enterprises", fields);
  }

  /** @param way code, link or scene */
  offerBinding(id, enterprise, way) {
    return this.api.call("POST", `${of(id)}/binding`, { enterprise_id: enterprise, way });
  }

  endBinding(id) {
    return this.api.call("DELETE", `${of(id)}/binding`, {});
  }

  /** What colleagues answered to questions like the customer's last one. */
  similar(id, text = "") {
    return this.api.call("GET", `${of(id)}/similar?${query({ text })}`);
  }
}
