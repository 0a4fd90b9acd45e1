"""What the engine itself says to visitors, in their language. Pure."""

LOCALES = ("en", "zh-CN")

_WARNING_MINUTES = {
    "en": "Are you still there? Without a message from you this chat will close in {count} min.",
    "zh": "您还在吗？如果没有收到您的消息，本次对话将在{count}分钟后关闭。",
}
_WARNING_SECONDS = {
    "en": "Are you still there? Without a message from you this chat will close in {count} s.",
    "zh": "您还在吗？如果没有收到您的消息，本次对话将在{count}秒后关闭。",
}


def idle_warning(locale: str, closes_in_ms: int) -> str:
    """Return the warning that a silent chat closes in ``closes_in_ms``; English where there is no translation."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    texts, count = (_WARNING_MINUTES, closes_in_ms // 60_000)
    if count == 0 or closes_in_ms % 60_000:
        texts, count = (_WARNING_SECONDS, -(-closes_in_ms // 1_000))
    return texts.get(language, texts["en"]).format(count=count)
