"""The hospital's own exchange from the settings: for the web process, and for `huifang doctor`."""

from collections.abc import Iterator

from huifang.settings import Settings
from telephony import api as telephony

ASTERISK = "asterisk"
VERSIONS = "20.16、21.11、22.6 及以上"


def account(settings: Settings) -> telephony.AsteriskAccount:
    """How to reach the exchange."""
    return telephony.AsteriskAccount(
        url=settings.asterisk_url.rstrip("/"),
        user=settings.asterisk_user,
        password=settings.asterisk_password.get_secret_value(),
        caller_id=settings.caller_id,
        app=settings.asterisk_app,
        endpoint=settings.asterisk_endpoint,
        transfer_context=settings.asterisk_transfer_context,
        audio_format=settings.asterisk_format,
        transport=settings.asterisk_media,
        audiosocket_host=settings.asterisk_audiosocket_host,
        audiosocket_port=settings.asterisk_audiosocket_port,
    )


def faults(settings: Settings) -> Iterator[str]:
    """What stands in the way of calls over the exchange, in words that say what to do; nothing if all is well."""
    if not settings.asterisk_url:
        yield "没有配置：请设置 HUIFANG_ASTERISK_URL、HUIFANG_ASTERISK_USER、HUIFANG_ASTERISK_PASSWORD"
        return
    if not settings.asterisk_password.get_secret_value():
        yield "没有配置 HUIFANG_ASTERISK_PASSWORD（与 ari.conf 中一致）"
        return
    found = telephony.examine(account(settings))
    if found.fault is not None:
        yield ADVICE.get(found.fault, ADVICE["other"])
    if found.missing:
        yield f"缺少模块 {'、'.join(found.missing)}：请在 modules.conf 中加载，或升级 Asterisk（{VERSIONS}）"
    if found.fault is None and not found.listened:
        yield "没有网页进程在监听：请启动 bin/huifang run 或 bin/huifang web"


ADVICE = {
    "unreachable": "连接不上：请检查 HUIFANG_ASTERISK_URL、Asterisk 是否运行、http.conf 的 enabled 与 bindaddr",
    "refused": "用户名或密码不对：请检查 ari.conf 与 HUIFANG_ASTERISK_USER、HUIFANG_ASTERISK_PASSWORD",
    "absent": "没有 ARI：请检查 http.conf 的 prefix、ari.conf 的 enabled，以及模块 res_ari",
    "other": "ARI 没有正常应答：请查看 Asterisk 的日志",
}
