"""``make demo-wechat``: the whole platform, a stand-in for Tencent, and a phone in the browser."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys

from bot.processes.children import free_port
from bot.settings import ROOT
from bot.settings import load as load_settings
from tests.wechat_stand_in.demo import Demo
from tests.wechat_stand_in.lines import AccountLine, KfLine
from tests.wechat_stand_in.phone import Keys
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.templates import NOTICES
from tests.wechat_stand_in.tencent import Tencent
from tests.wechat_stand_in.wecom import ROUTES, WeCom

_APP_ID = "wxdemo0123456789ab"
_CORP_ID = "wwdemo0123456789ab"


def main() -> int:
    """Start everything and stay until the platform stops."""
    settings = load_settings()
    address = f"http://127.0.0.1:{settings.port}"
    secret, keys = secrets.token_hex(16), Keys(_APP_ID, secrets.token_hex(12), _aes_key())
    kf_keys = Keys(_CORP_ID, secrets.token_hex(12), _aes_key())
    tencent, wecom = Tencent(_APP_ID, secret), WeCom(_CORP_ID, secret, "wkDEMO")
    demo = Demo(
        AccountLine(tencent, keys, f"{address}/wechat/callback"),
        KfLine(wecom, kf_keys, f"{address}/wechat/kf/callback"),
        {"name": settings.platform_name, "address": address},
    )
    phone_port = int(os.environ.get("PHONE_PORT", "0")) or free_port()
    with (
        serving(application(tencent)) as api,
        serving(application(wecom, ROUTES)) as kf_api,
        serving(demo.application(), phone_port) as phone,
    ):
        environment = {
            **os.environ,
            "WECHAT_APP_ID": _APP_ID,
            "WECHAT_APP_SECRET": secret,
            "WECHAT_TOKEN": keys.token,
            "WECHAT_ENCODING_AES_KEY": keys.encoding_aes_key,
            "WECHAT_API_BASE": api,
            "WECHAT_NOTICES": str(NOTICES),
            "WECOM_CORP_ID": _CORP_ID,
            "WECOM_KF_SECRET": secret,
            "WECOM_TOKEN": kf_keys.token,
            "WECOM_ENCODING_AES_KEY": kf_keys.encoding_aes_key,
            "WECOM_API_BASE": kf_api,
            "PUBLIC_URL": os.environ.get("PUBLIC_URL", address),
        }
        sys.stdout.write(f"演练手机：{phone}/?user=1（换一个 user 就是另一位客户）\n")
        sys.stdout.write(f"微信客服：{phone}/?user=1&line=kf\n")
        sys.stdout.flush()
        platform = subprocess.Popen(
            [sys.executable, "-m", "bot.processes", "run", "--leave-with-parent"],
            cwd=ROOT,
            env=environment,
        )
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: platform.send_signal(signal.SIGTERM))
        return platform.wait()


def _aes_key() -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(letters) for _ in range(43))


if __name__ == "__main__":
    sys.exit(main())
