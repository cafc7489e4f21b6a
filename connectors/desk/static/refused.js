/** The server said no, in words for the person who reads them. */

const PASSING = new Set([401, 408, 425, 429]); // 401: the same call goes through after signing in again

export class Refused extends Error {
  constructor(status, { code = "unreadable", message = "服务暂时没有应答，请稍后再试。" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.permanent = status < 500 && !PASSING.has(status);
  }
}

/** The JSON of a response, or the refusal in it. */
export async function answerOf(response) {
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new Refused(response.ok ? 502 : response.status, answer?.error);
}

/** What to tell a person about any failure. */
export function wordsFor(error) {
  return error instanceof Refused ? error.message : "没有连上服务器，请检查网络后重试。";
}
