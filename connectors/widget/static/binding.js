/** A link from staff (“/#bind=…”) puts the words for binding into the box; sending is left to the customer. */

const TOKEN = /^#bind=([\w-]{22})$/;

export function takeBinding(composer) {
  const found = TOKEN.exec(location.hash);
  if (!found) return false;
  // Good for one use: neither a bookmark nor the next reload should bring it back.
  history.replaceState(history.state, "", location.pathname + location.search);
  composer.write(`绑定 ${found[1]}`, "按“发送”，就把这个对话绑定到工作人员为您选的企业。");
  composer.focus();
  return true;
}
