"""What forms say by themselves, in the languages of the pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping

LOCALES = ("en", "zh-CN")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "name": "Your name",
        "email": "E-mail",
        "phone": "Telephone",
        "topic": "What is it about?",
        "subject": "Subject",
        "description": "Your message",
        "files": "Files",
        "files-help": "At most {most}, of {size} each.",
        "files-types": "Possible: {types}.",
        "files-again": "Please choose your files again: for your safety no page can remember them.",
        "choose": "Please choose",
        "required": "required",
        "required-note": "Fields with a star are required.",
        "yes": "Yes",
        "no": "No",
        "send": "Send",
        "sending": "Sending …",
        "preparing": "One moment …",
        "sent": "{percent} % sent",
        "website": "Leave this field empty",
        "language": "Language",
        "thanks-title": "Thank you",
        "thanks": "We have received your message and will answer as soon as we can.",
        "number": "Your case has the number {number}. Please name it when you ask again.",
        "another": "Write another message",
        "faults": "Please look at these fields again:",
        "offline": "The message could not be sent. It is still here; please try again.",
        "too-large": "That is more than can be sent at once. Please send smaller files, or fewer.",
        "expired": "This page had been open for too long. Nothing is lost: please send once more.",
        "no-token": "This page was not whole. Nothing is lost: please send once more.",
        "sent-before": "You have sent this form before ({number}). What stands here now is something else: "
        "send it once more if it is to be a message of its own.",
        "sent-before-held": "You have sent this form before. What stands here now is something else: "
        "send it once more if it is to be a message of its own.",
        "too-fast": "Too much was sent from your network, or to us, in a short time. Nothing is lost: "
        "please try again in {seconds} seconds.",
        "refused": "This message was taken for advertising and not accepted: {reasons}. "
        "Please change it and try again.",
        "away": "Something is not working here at the moment. Nothing is lost: please try again in a minute.",
        "not-found": "There is no such form.",
        "reason-honeypot": "a field that must stay empty was filled in",
        "reason-too-fast": "it was sent faster than one can write",
        "reason-links": "it has too many links",
        "reason-blocked": "it contains a word, or comes from an address, that we do not accept",
        "reason-headers": "a field holds lines that do not belong there",
        "reason-duplicate": "the same text was sent a short time ago",
        "reason-captcha": "the check that you are human failed",
        "reason-full": "more than we can look at is waiting to be looked at",
        "fault-required": "Please fill in this field.",
        "fault-consent": "Please agree, otherwise we may not take your message.",
        "fault-long": "At most {most} characters.",
        "fault-email": "This is no e-mail address, such as name@example.org.",
        "fault-phone": "This is no telephone number. Begin with the country, such as +44 20 7946 0018.",
        "fault-number": "A number is needed.",
        "fault-least": "At least {least}.",
        "fault-most": "At most {most}.",
        "fault-date": "A date such as 2026-11-22 is needed.",
        "fault-choice": "Please choose one of the possibilities.",
        "fault-url": "An address that begins with https:// or http:// is needed.",
        "fault-files": "At most {most} files.",
        "fault-size": "{name} is too large: at most {size}.",
        "fault-type": "{name} is not of a kind that can be sent.",
        "fault-file-name": "The name of a file is too long, or cannot be read.",
    },
    "zh-CN": {
        "name": "您的姓名",
        "email": "电子邮箱",
        "phone": "电话",
        "topic": "关于什么？",
        "subject": "主题",
        "description": "留言内容",
        "files": "附件",
        "files-help": "最多 {most} 个，每个不超过 {size}。",
        "files-types": "可用类型：{types}。",
        "files-again": "请重新选择附件：出于安全考虑，网页无法记住它们。",
        "choose": "请选择",
        "required": "必填",
        "required-note": "带星号的为必填项。",
        "yes": "是",
        "no": "否",
        "send": "发送",
        "sending": "正在发送……",
        "preparing": "请稍候……",
        "sent": "已发送 {percent}%",
        "website": "请将此项留空",
        "language": "语言",
        "thanks-title": "谢谢您",
        "thanks": "我们已收到您的留言，会尽快答复。",
        "number": "您的工单编号为 {number}，再次询问时请提供此编号。",
        "another": "再写一条留言",
        "faults": "请检查以下各项：",
        "offline": "留言未能发送，内容仍在此处，请重试。",
        "too-large": "一次发送的内容过大，请发送更小或更少的附件。",
        "expired": "此页面打开时间过长。内容没有丢失，请再发送一次。",
        "no-token": "此页面不完整。内容没有丢失，请再发送一次。",
        "sent-before": "您已发送过此表单（{number}）。现在的内容有所不同：如果是另一条留言，请再发送一次。",
        "sent-before-held": "您已发送过此表单。现在的内容有所不同：如果是另一条留言，请再发送一次。",
        "too-fast": "您的网络或我们这里短时间内发送过多。内容没有丢失，请在 {seconds} 秒后重试。",
        "refused": "此留言被判断为广告，未被接受：{reasons}。请修改后重试。",
        "away": "系统暂时出现问题。内容没有丢失，请一分钟后重试。",
        "not-found": "没有这个表单。",
        "reason-honeypot": "填写了必须留空的项",
        "reason-too-fast": "发送速度快于正常书写",
        "reason-links": "链接过多",
        "reason-blocked": "含有我们不接受的词语或来自不接受的地址",
        "reason-headers": "某一项含有不应有的内容行",
        "reason-duplicate": "刚刚发送过相同的内容",
        "reason-captcha": "人机验证未通过",
        "reason-full": "等待查看的留言过多",
        "fault-required": "请填写此项。",
        "fault-consent": "请勾选同意，否则我们不能接收您的留言。",
        "fault-long": "最多 {most} 个字符。",
        "fault-email": "这不是电子邮箱地址，例如 name@example.org。",
        "fault-phone": "这不是电话号码。请带上国家代码，例如 +86 10 6552 9988。",
        "fault-number": "请填写数字。",
        "fault-least": "不能小于 {least}。",
        "fault-most": "不能大于 {most}。",
        "fault-date": "请填写日期，例如 2026-11-22。",
        "fault-choice": "请从选项中选择。",
        "fault-url": "请填写以 https:// 或 http:// 开头的地址。",
        "fault-files": "最多 {most} 个附件。",
        "fault-size": "{name} 过大：不能超过 {size}。",
        "fault-type": "{name} 的类型不能发送。",
        "fault-file-name": "某个附件的名称过长或无法识别。",
    },
}


def said(locale: str, key: str, **values: object) -> str:
    """Return a text in a language, English where there is none, with its places filled in."""
    return TEXTS.get(locale, TEXTS["en"])[key].format(**values)


def locale_of(wanted: str, fallback: str) -> str:
    """Return the page's language nearest to a wish: a language's tag, or what a browser sends as Accept-Language.

    RFC 9110, 12.5.4, without regard to weights: browsers write the best first.
    """
    for part in [*wanted.split(",")[:20], fallback]:
        language = part.partition(";")[0].strip().replace("_", "-").partition("-")[0].lower()
        if language in ("en", "zh"):
            return "zh-CN" if language == "zh" else "en"
    return "en"


def size_of(count: int) -> str:
    """Write a number of bytes for people."""
    if count >= 1_048_576:
        return f"{count / 1_048_576:.3g} MiB"
    return f"{count / 1_024:.3g} KiB" if count >= 1_024 else f"{count} B"
