"""The browser's own outbox, run by node, against a server that fails at first."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bot.settings import ROOT
from tests.needs import missing

SCENE = """
import { Outbox } from "./outbox.mjs";

const sent = [], delivered = [];
let fails = 2;
const outbox = new Outbox({
  storage: { get: (_name, otherwise) => otherwise, set: () => {} },
  transport: {
    send: async (item) => {
      sent.push(item.client_id);
      if (fails-- > 0) throw new Error("no network");
      return { id: "1" };
    },
  },
  onChange: () => {},
  onSent: (item) => delivered.push(item.client_id),
});
const item = outbox.add("压力表");
for (let press = 0; press < 3; press += 1) {
  await new Promise(setImmediate);
  outbox.retry(item.client_id);
}
await new Promise(setImmediate);
console.log(JSON.stringify({ id: item.client_id, sent, delivered, left: outbox.items.length }));
process.exit(0);
"""


def test_scenario_37_retry_sends_the_message_under_the_id_it_had(tmp_path: Path) -> None:
    node = shutil.which("node") or missing("node", "apt-get install nodejs")
    script = (ROOT / "connectors/static/outbox.js").read_text("utf-8")
    whole = script.replace('"/static/live.js"', '"./live.mjs"')
    (tmp_path / "outbox.mjs").write_text(whole, "utf-8")
    (tmp_path / "live.mjs").write_text("export const backoff = () => 60_000;", "utf-8")
    (tmp_path / "scene.mjs").write_text(SCENE, "utf-8")
    played = subprocess.run(
        [node, "scene.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True
    )
    told = json.loads(played.stdout)
    assert told["sent"] == [told["id"]] * 3
    assert told["delivered"] == [told["id"]]
    assert told["left"] == 0
