# ruff: noqa: E501 - mails are as wide as they are
"""Mails as programs in many languages write them, each with what was written now. Written for these tests."""

from typing import NamedTuple


class Sample(NamedTuple):
    """A text, and what is new in it."""

    name: str
    text: str
    new: str
    subject: str = "Re: Kettle"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


OLD = "Dear Ana,\n\ndoes your kettle still leak?\n\nTea"
Q = quoted(OLD)
NEW = "It still leaks.\n\nAna"

ATTRIBUTIONS = {
    "gmail en": "On Sun, Nov 22, 2026 at 10:00 AM Kettle & Crane <help@tea.example> wrote:",
    "gmail en wrapped": "On Sun, Nov 22, 2026 at 10:00 AM Kettle & Crane <help@tea.example>\nwrote:",
    "gmail en wrapped thrice": "On Sun, Nov 22, 2026 at\n10:00 AM Kettle & Crane\n<help@tea.example> wrote:",
    "gmail de": "Am So., 22. Nov. 2026 um 10:00 Uhr schrieb Kettle & Crane <help@tea.example>:",
    "gmail de wrapped": "Am So., 22. Nov. 2026 um 10:00 Uhr schrieb Kettle & Crane <\nhelp@tea.example>:",
    "gmail fr": "Le dim. 22 nov. 2026 à 10:00, Kettle & Crane <help@tea.example> a écrit :",
    "gmail es": "El dom, 22 nov 2026 a las 10:00, Kettle & Crane (<help@tea.example>) escribió:",
    "gmail it": "Il giorno dom 22 nov 2026 alle ore 10:00 Kettle & Crane <help@tea.example> ha scritto:",
    "gmail nl": "Op zo 22 nov 2026 om 10:00 schreef Kettle & Crane <help@tea.example>:",
    "gmail pt": "Em dom., 22 de nov. de 2026 às 10:00, Kettle & Crane <help@tea.example> escreveu:",
    "gmail pl": "niedz., 22 lis 2026 o 10:00 Kettle & Crane <help@tea.example> napisał(a):",
    "gmail ru": "вс, 22 нояб. 2026 г. в 10:00, Kettle & Crane <help@tea.example>:",
    "gmail sv": "Den sön 22 nov. 2026 kl 10:00 skrev Kettle & Crane <help@tea.example>:",
    "gmail tr": "Kettle & Crane <help@tea.example>, 22 Kas 2026 Paz, 10:00 tarihinde şunu yazdı:",
    "gmail zh": "Kettle & Crane <help@tea.example> 于2026年11月22日周日 10:00写道：",
    "gmail zh-TW": "Kettle & Crane <help@tea.example> 於 2026年11月22日 週日 上午10:00寫道：",
    "gmail ja": "2026年11月22日(日) 10:00 Kettle & Crane <help@tea.example>:",
    "gmail ko": "2026년 11월 22일 (일) 오전 10:00, Kettle & Crane <help@tea.example>님이 작성:",
    "apple en": "On 22 Nov 2026, at 10:00, Kettle & Crane <help@tea.example> wrote:",
    "apple en no date": "On Nov 22, 2026, Kettle & Crane wrote:",
    "apple de": "Am 22.11.2026 um 10:00 schrieb Kettle & Crane <help@tea.example>:",
    "apple fr": "Le 22 nov. 2026 à 10:00, Kettle & Crane <help@tea.example> a écrit :",
    "apple zh": "在 2026年11月22日，10:00，Kettle & Crane <help@tea.example> 写道：",
    "apple ja": "2026/11/22 10:00、Kettle & Crane <help@tea.example>のメール:",
    "thunderbird en": "On 11/22/26 10:00, Kettle & Crane wrote:",
    "thunderbird de": "Am 22.11.26 um 10:00 schrieb Kettle & Crane:",
    "roundcube": "On 2026-11-22 10:00, Kettle & Crane wrote:",
    "yahoo": "On Sunday, November 22, 2026, 10:00:00 AM GMT+1, Kettle & Crane <help@tea.example> wrote:",
    "name first": "Kettle & Crane <help@tea.example> wrote on 22 Nov 2026 10:00:",
    "lotus": "Kettle & Crane <help@tea.example> schrieb am 22.11.2026 10:00:03:",
    "proton": "On Sunday, November 22nd, 2026 at 10:00, Kettle & Crane <help@tea.example> wrote:",
}
HEADERS = {
    "outlook en": "From: Kettle & Crane <help@tea.example>\nSent: Sunday, November 22, 2026 10:00 AM\nTo: Ana\nSubject: Kettle",
    "outlook de": "Von: Kettle & Crane <help@tea.example>\nGesendet: Sonntag, 22. November 2026 10:00\nAn: Ana\nBetreff: Kettle",
    "outlook fr": "De : Kettle & Crane <help@tea.example>\nEnvoyé : dimanche 22 novembre 2026 10:00\nÀ : Ana\nObjet : Kettle",
    "outlook es": "De: Kettle & Crane <help@tea.example>\nEnviado el: domingo, 22 de noviembre de 2026 10:00\nPara: Ana\nAsunto: Kettle",
    "outlook zh": "发件人: Kettle & Crane <help@tea.example>\n发送时间: 2026年11月22日 10:00\n收件人: Ana\n主题: Kettle",
    "outlook ja": "差出人: Kettle & Crane <help@tea.example>\n送信日時: 2026年11月22日 10:00\n宛先: Ana\n件名: Kettle",
    "outlook bold": "*From:* Kettle & Crane <help@tea.example>\n*Sent:* Sunday, November 22, 2026 10:00 AM\n*To:* Ana\n*Subject:* Kettle",
    "outlook mac": "From: Kettle & Crane <help@tea.example>\nDate: Sunday, 22 November 2026 at 10:00\nTo: Ana <ana@shop.example>,\n"
    "Bo <bo@shop.example>\nSubject: Kettle",
    "foxmail": "发件人： Kettle & Crane\n发送时间： 2026-11-22 10:00\n收件人： Ana\n主题： Kettle",
}
LINES = {
    "original en": "-----Original Message-----\nFrom: Kettle & Crane\nSent: Sunday\nTo: Ana\nSubject: Kettle\n\n",
    "original de": "-----Ursprüngliche Nachricht-----\nVon: Kettle & Crane\n\n",
    "original ja": "-----元のメッセージ-----\n差出人: Kettle\n\n",
    "qq": '------------------ 原始邮件 ------------------\n发件人: "Kettle";\n\n',
    "netease": "---- 回复的原邮件 ----\n发件人 help@tea.example\n\n",
    "outlook web": "________________________________\nFrom: Kettle & Crane <help@tea.example>\nSent: Sunday\nTo: Ana\nSubject: Kettle\n\n",
}

SAMPLES = [
    Sample("nothing quoted", NEW, NEW),
    *(Sample(name, f"{NEW}\n\n{said}\n{Q}\n", NEW) for name, said in ATTRIBUTIONS.items()),
    *(Sample(f"{name}, empty line", f"{NEW}\n\n{said}\n\n{Q}\n", NEW) for name, said in ATTRIBUTIONS.items()),
    *(Sample(name, f"{NEW}\n\n{said}\n\n{OLD}\n", NEW) for name, said in HEADERS.items()),
    *(Sample(name, f"{NEW}\n\n{said}{OLD}\n", NEW) for name, said in LINES.items()),
    Sample("only quoted lines", f"{NEW}\n\n{Q}", NEW),
    Sample("quotes first, answers below", f"On 22 Nov 2026, Tea wrote:\n{Q}\n\n{NEW}", NEW),
    Sample("answers between the lines", "On 22 Nov 2026, Tea wrote:\n> one?\nyes\n> two?\nno", "On 22 Nov 2026, Tea wrote:\n> one?\nyes\n> two?\nno"),
    Sample(
        "greets, then answers between the lines",
        "Hello,\n\nOn 22 Nov 2026, Tea wrote:\n> one?\nyes\n> two?\nno",
        "Hello,\n\nOn 22 Nov 2026, Tea wrote:\n> one?\nyes\n> two?\nno",
    ),
    Sample("signature", f"{NEW}\n-- \nAna Müller\nShop Ltd, Köln", NEW),
    Sample("signature without its space", f"{NEW}\n--\nAna Müller", NEW),
    Sample("signature, then quoted", f"{NEW}\n-- \nAna Müller\n\nOn 22 Nov 2026, Tea wrote:\n{Q}", NEW),
    Sample("iphone", f"{NEW}\n\nSent from my iPhone\n\n> On 22 Nov 2026, at 10:00, Tea <help@tea.example> wrote:\n>\n{Q}", NEW),
    Sample("iphone de", f"{NEW}\n\nVon meinem iPhone gesendet\n\n> Am 22.11.2026 um 10:00 schrieb Tea <help@tea.example>:\n> \n{Q}", NEW),
    Sample("iphone zh", f"{NEW}\n\n发自我的iPhone\n\n> 在 2026年11月22日，10:00，Tea <help@tea.example> 写道：\n> \n{Q}", NEW),
    Sample("iphone ja", f"{NEW}\n\niPhoneから送信\n\n> 2026/11/22 10:00、Tea <help@tea.example>のメール:\n> \n{Q}", NEW),
    Sample("outlook ios", f"{NEW}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\n{HEADERS['outlook en']}\n\n{OLD}", NEW),
    Sample("samsung", f"{NEW}\n\nSent from my Galaxy\n\n-------- Original message --------\nFrom: Tea <help@tea.example>\nDate: 22/11/2026\nTo: Ana\nSubject: Kettle\n\n{OLD}", NEW),
    Sample("gmx", f'{NEW}\n\nGesendet: Sonntag, 22. November 2026 um 10:00 Uhr\nVon: "Tea" <help@tea.example>\nAn: ana@shop.example\nBetreff: Kettle\n\n{OLD}', NEW),
    # What looks like a quotation and is none.
    Sample("speaks of who wrote", "On Monday your colleague wrote:\nwe will send a new one.\n\nNothing came.", "On Monday your colleague wrote:\nwe will send a new one.\n\nNothing came."),
    Sample("a shell", "I typed this:\n> ls\n> cd\nand nothing happened.", "I typed this:\n> ls\n> cd\nand nothing happened."),
    Sample("an address", "From: where do I get it?\nTo: whom do I write?", "From: where do I get it?\nTo: whom do I write?"),
    Sample("a list with dashes", "Broken:\n- the lid\n-- \n- the plug", "Broken:\n- the lid"),
    Sample("a date and a colon", "We met on 22 Nov 2026:\nit leaked.", "We met on 22 Nov 2026:\nit leaked."),
    Sample("a rule", "one\n____________________\ntwo", "one\n____________________\ntwo"),
    Sample("de schrieb", "Herr Maier schrieb am 3.11.2026 an mich: er kommt.\nEr kam nicht.", "Herr Maier schrieb am 3.11.2026 an mich: er kommt.\nEr kam nicht."),
    Sample("zh", "您好，\n水壶还在漏水。\n\n谢谢", "您好，\n水壶还在漏水。\n\n谢谢"),
    Sample("everything is quoted", Q, ""),
    Sample("empty", "", ""),
]  # fmt: skip
