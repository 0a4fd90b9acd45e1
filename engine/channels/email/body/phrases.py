"""What mail programs write before what they quote, and beneath what people write, in the languages they come in.

Gathered from what the programs themselves write: Gmail, Outlook (Windows, web, mobile), Apple Mail, Thunderbird,
Yahoo, GMX, web.de, QQ, NetEase, Foxmail, Proton, Samsung, Roundcube, Zimbra, Lotus Notes.
"""

from __future__ import annotations

import re

WROTE = (
    r"wrote|writes|said|schrieb|geschrieben|a écrit|écrivait|escribió|escribio|ha escrito|scrisse|ha scritto"
    r"|schreef"
    r"|heeft geschreven|escreveu|skrev|kirjoitti|napisał(?:\(a\)|a)?|pisze|napsal\(?a?\)?|írta|a scris"
    r"|написал(?:\(а\)|а)?|пишет|написав"
    r"|yazdı|şunu yazdı|έγραψε|כתב|כתבה|كتب|写道|寫道|写信|のメッセージ|님이 작성|작성"
)
"""The word that ends the line before a quotation."""

STARTS = (
    r"on|am|le|el|il|op|em|den|dne|w dniu|dnia|в|вт|ср|чт|пт|сб|вс|пн|στις|på|pada|vào|ngày|tarihinde|at"
    r"|il giorno|a\(z\)"
    r"|mon|tue|wed|thu|fri|sat|sun"
)
"""What such a line may begin with."""

QUOTING = r"quoting|zitat von|citando|citant|citaat van|cytat|cytuję|citat från|citerar"
"""What a line begins with that ends with a colon before a quotation, in Horde and its kin."""

FROM = (
    r"from|von|de|da|van|från|fra|lähettäjä|od|от|від|feladó|expeditor|gönderen|kimden|από|מאת|من|发件人|寄件者"
    r"|寄件人|差出人|보낸 ?사람|发送人"
)
SENT = (
    r"sent|date|gesendet|datum|envoyé|date d'envoi|enviado(?: el| em)?|enviada em|fecha|data|inviato|verzonden"
    r"|skickat|sendt|lähetetty|wysłano|wysłane"
    r"|odesláno|отправлено|дата|надіслано|elküldve|trimis|gönderildi|tarih|στάλθηκε|ημερομηνία|发送时间|发送日期|傳送日期"
    r"|發送時間|时间|日期|寄件日期|送信日時|日付|보낸 ?날짜|날짜"
)
TO = (
    r"to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|кому|címzett|către|kime|προς|אל|إلى"
    r"|收件人|收件者|宛先|받는 ?사람"
)
CC = r"cc|kopie|copie|copia|kopia|kopi|копия|másolat|bilgi|κοιν\.?|עותק|نسخة|抄送|副本|참조"
SUBJECT = (
    r"subject|betreff|objet|asunto|oggetto|onderwerp|assunto|ämne|emne|aihe|temat|předmět|тема|tárgy|subiect"
    r"|konu|θέμα|נושא|الموضوع"
    r"|主题|主旨|主題|件名|제목"
)
REPLY_TO = r"reply-to|antwort an|répondre à|responder a|rispondi a|antwoord aan|回复|回覆|返信先"

HEADER_NAMES = {"from": FROM, "sent": SENT, "to": TO, "cc": CC, "subject": SUBJECT, "reply-to": REPLY_TO}

ORIGINAL = (
    r"original message|original appointment|ursprüngliche (?:nachricht|mail|e-mail)|originalnachricht"
    r"|message d'origine|message original|message initial"
    r"|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|ursprungligt meddelande"
    r"|oprindelig meddelelse"
    r"|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva"
    r"|исходное сообщение|пересылаемое сообщение"
    r"|eredeti üzenet|mesaj original|orijinal mesaj|原始邮件|原始郵件|原邮件|回复的原邮件|元のメッセージ"
    r"|원본 ?메일|원본 ?메시지|reply message|antwort"
)
"""Between dashes, before what is answered."""

PASSED_ON = (
    r"forwarded message|forwarded by|weitergeleitete (?:nachricht|mail|e-mail)|message transféré"
    r"|message transmis|mensaje reenviado|messaggio inoltrato"
    r"|doorgestuurd bericht|mensagem encaminhada|vidarebefordrat meddelande|videresendt (?:besked|melding)"
    r"|välitetty viesti|wiadomość przekazana"
    r"|przekazana wiadomość|přeposlaná zpráva|пересланное сообщение|továbbított üzenet|mesaj redirecționat"
    r"|iletilen mesaj|iletilmiş mesaj"
    r"|转发的?邮件|轉寄的?郵件|转发邮件信息|転送(?:された)?メッセージ|전달된 ?메일|전달된 ?메시지"
)
"""Between dashes, or after "begin", before what is passed on."""

SENT_FROM = re.compile(
    r"^\s*+[-–—*_]*+\s*+(?:"
    r"(?:sent|gesendet|verschickt|envoyé|enviado|inviato|verzonden|verstuurd|skickat|sendt|lähetetty|wysłano|wysłane"
    r"|odesláno|отправлено|надіслано|gönderildi"
    r"|dikirim|trimis)\s+(?:from|with|via|by|using|mit|von|vom|aus|à partir|a partir d[aeo]|de(?:puis)?|desde|d[ao]l?"
    r"|con|met|vanaf|från|fra|via|laitteesta|z(?:e)?|"
    r"с|из|з|pomocí|dari)\b.{0,70}"
    r"|lähetetty .{2,30}st[aä]|(?:diese nachricht wurde )?von meinem .{1,60} gesendet|.{0,30}iphone'?umdan gönderildi"
    r"|(?:diese nachricht wurde )?von unterwegs gesendet"
    r"|provenance\s?: (?:courrier|outlook).{0,40}|get bluemail for .{2,20}|outlook voor .{2,20} downloaden"
    r"|get outlook for (?:ios|android).{0,60}"
    r"|(?:holen sie sich|télécharger|téléchargez|obtener|obtenir|obtenez|scarica|obter o"
    r"|download) outlook (?:für|pour|para|per|voor) .{0,60}"
    r"|outlook für (?:ios|android) beziehen.{0,60}"
    r"|发自我的.{1,30}|从(?:我的|\s?windows).{1,30}发送|發自我的.{1,30}|從我的.{1,30}(?:傳送|寄出)|来自我的.{1,30}"
    r"|iphoneから送信|.{1,20}から送信|나의 .{1,20}에서 보냄|.{0,20}에서 보냄"
    r"|yahoo mail on android.{0,60}|外出先から送信.{0,20}"
    r")\s*+\.?+\s*+[)>*_]*+\s*$",
    re.IGNORECASE,
)
"""What telephones and programs write beneath a mail. What is taken is not given back: lines may be of spaces only."""

SIGNATURE = re.compile(r"^\s*(?:-- ?|--\s|__|———?|–– ?)\s*$")
"""The line above a signature (RFC 3676, section 4.3), also without its space."""
