/** What single keys do at the desk; the list that “?” shows says the same in words. */

export function shortcutsOf(work, team, help) {
  const { list, acts, aids } = work;
  return {
    j: () => list.step(1),
    k: () => list.step(-1),
    arrowdown: () => list.step(1),
    arrowup: () => list.step(-1),
    "alt+arrowdown": () => list.step(1),
    "alt+arrowup": () => list.step(-1),
    u: () => list.nextUnread(),
    a: () => acts.press("accept"),
    p: () => acts.press("postpone") ?? acts.press("resume"),
    e: () => acts.press("resolve"),
    r: () => work.talk.id && work.composer.focus("reply"),
    n: () => work.talk.id && work.composer.focus("note"),
    "/": () => work.talk.id && aids.phrases.open(),
    s: () => aids.finder.focus(),
    f: () => list.filters.focus(),
    m: () => aids.mentions.open(),
    c: () => team.book.show(),
    t: () => team.board.show(),
    "?": () => help.showModal(),
    ...Object.fromEntries([1, 2, 3, 4].map((number) => [String(number), () => list.tabs.chooseNumber(number)])),
    escape: (target) => leave(work, target),
  };
}

/** Out of what one is in: the reply, what was looked up, on a narrow screen the conversation. */
function leave({ composer, aids, views, list }, target) {
  if (target !== composer.input) {
    if (aids.found.isOpen) aids.found.close();
    else if (views.back()) return;
  }
  list.focus();
}
