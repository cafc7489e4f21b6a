/** The left column, put together: what is asked of the server, what passes the filters, and its rows. */

import { Filters } from "./filters.js";
import { List } from "./list.js";
import { Lists } from "./lists.js";
import { News } from "./news.js";

/** @returns {{lists, filters, list, news}} */
export function leftColumn(root, { api, conversations, storage, open, accept, onLoaded, openId, say }) {
  const column = {};
  column.lists = new Lists({
    api,
    conversations,
    asked: () => column.filters.asked,
    onLoaded,
    onArrived: (row) => column.news.joined(row, openId()),
  });
  column.filters = new Filters(root, {
    storage,
    onChange: ({ needsLoad }) => (needsLoad ? column.list.choose(column.list.name) : column.list.show()),
  });
  column.list = new List(root, { conversations, lists: column.lists, filters: column.filters, open, accept });
  column.news = new News({ conversations, say, tell: (row) => column.list.tell(row) });
  return column;
}
