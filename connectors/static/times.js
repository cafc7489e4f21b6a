/** Moments as people in China read them, wherever the browser is. */

const ZONE = "Asia/Shanghai";
const DAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE });
const CLOCK = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });
const PARTS = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "numeric", day: "numeric", weekday: "short" });
const QUIET_MILLISECONDS = 5 * 60 * 1000;

/** Whether a time belongs between two moments: another day, or five minutes of silence. */
export function needsTime(earlier, later) {
  if (!earlier) return true;
  const [before, after] = [new Date(earlier), new Date(later)];
  return after - before >= QUIET_MILLISECONDS || DAY.format(before) !== DAY.format(after);
}

/** `14:30`, `昨天 14:30`, `11 月 24 日（周二）14:30` */
export function spokenTime(moment, now = new Date()) {
  const when = new Date(moment);
  const clock = CLOCK.format(when);
  const day = DAY.format(when);
  if (day === DAY.format(now)) return clock;
  if (day === DAY.format(new Date(now - 86_400_000))) return `昨天 ${clock}`;
  const parts = Object.fromEntries(PARTS.formatToParts(when).map((part) => [part.type, part.value]));
  return `${parts.month} 月 ${parts.day} 日（${parts.weekday}）${clock}`;
}
