/** A place in the queue in words. */

/**
 * @param waiting `{position, minutes: [from, to] | null, pace: "long" | "closed" | null}`, or null before it is known
 * @returns what stands large, and the line under it
 */
export function standingWords(waiting) {
  if (!waiting) return { title: "正在排队", line: "可以先把情况写在这里，工作人员来了就能看到。" };
  const { position, minutes, pace } = waiting;
  if (pace === "closed") return { title: "现在是非工作时间", line: "上班后按先后次序接入；留言会按时限答复。" };
  const place = `排在第 ${position} 位`;
  if (pace === "long") return { title: `${place}，比平时等得久`, line: "不想等的话可以留言，工作人员按时限答复您。" };
  const ahead = position === 1 ? "下一位就是您。" : `前面还有 ${position - 1} 位。`;
  const range = minutes ? `，预计 ${minutes[0]}–${minutes[1]} 分钟` : "";
  return { title: place + range, line: `${ahead}可以先把情况写在这里。` };
}
