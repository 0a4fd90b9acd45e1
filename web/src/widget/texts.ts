// Every word the visitor reads, in English and Simplified Chinese. `{n}` and `{name}` are filled in.

export type Locale = 'en' | 'zh-CN'

const en = {
  open: 'Open chat',
  openUnread: 'Open chat, {n} unread',
  close: 'Close chat',
  title: 'Chat with us',
  language: '切换到中文',
  languageShort: '中文',
  connecting: 'Connecting…',
  online: 'Connected',
  waiting: 'Connection lost – reconnecting…',
  withAgent: 'You are chatting with {name}',
  name: 'Name',
  email: 'E-mail',
  topic: 'Topic',
  chooseTopic: 'Choose a topic',
  firstMessage: 'How can we help?',
  message: 'Your message',
  optional: 'optional',
  start: 'Start chat',
  starting: 'Starting…',
  required: 'Please fill in this field.',
  badEmail: 'Please enter a valid e-mail address.',
  composer: 'Write a message…',
  send: 'Send',
  sendHint: 'Enter sends, Shift+Enter starts a new line',
  tooLong: 'This message is too long. Please shorten it.',
  position: 'You are number {n} in the queue.',
  wait: 'About {name} min to wait.',
  next: 'You are next. An agent will be with you shortly.',
  queued: 'An agent will be with you shortly.',
  joined: '{name} has joined the chat.',
  left: '{name} has left the chat.',
  anAgent: 'An agent',
  agent: 'Agent',
  you: 'You',
  ended: 'The chat has ended.',
  warning: 'Are you still there? Without a message from you the chat closes soon.',
  typing: '{name} is typing…',
  sending: 'Sending',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Not sent',
  end: 'End chat',
  endQuestion: 'End this chat?',
  endConfirm: 'End chat',
  keep: 'Keep chatting',
  again: 'Start a new chat',
  closedTitle: 'We are closed right now',
  unstaffedTitle: 'Nobody is available right now',
  offlineText: 'Leave us a message. We will answer by e-mail.',
  phone: 'Phone number',
  callbackText: 'Leave us your number and we will call you back.',
  laterText: 'Please try again later.',
  leave: 'Send message',
  leaving: 'Sending…',
  thanks: 'Thank you – we have your message.',
  caseNumber: 'Your case number is {n}.',
  loading: 'One moment…',
  transcript: 'Messages',
  newMessages: 'New messages ↓',
  'e.too-fast': 'Too fast. Your messages follow in a moment.',
  'e.too-large': 'This message is too long. It was not sent.',
  'e.too-many-sockets': 'Too many chats are open in your network. Please wait.',
  'e.origin-refused': 'Chat is not available on this page.',
  'e.unknown-channel': 'Chat is not available at the moment.',
  'e.unknown-session': 'Your chat was not found. Please start a new one.',
  'e.interaction-closed': 'The chat has already ended.',
  'e.unavailable': 'Chat is not available right now. We keep trying.',
  'e.other': 'Something went wrong. We keep trying.',
}

export type TextKey = keyof typeof en

const zh: Record<TextKey, string> = {
  open: '打开聊天',
  openUnread: '打开聊天，{n} 条未读消息',
  close: '关闭聊天',
  title: '在线咨询',
  language: 'Switch to English',
  languageShort: 'EN',
  connecting: '正在连接…',
  online: '已连接',
  waiting: '连接中断，正在重新连接…',
  withAgent: '{name} 正在为您服务',
  name: '姓名',
  email: '电子邮箱',
  topic: '咨询类型',
  chooseTopic: '请选择咨询类型',
  firstMessage: '请描述您的问题',
  message: '留言内容',
  optional: '选填',
  start: '开始聊天',
  starting: '正在开始…',
  required: '请填写此项。',
  badEmail: '请输入有效的电子邮箱地址。',
  composer: '请输入消息…',
  send: '发送',
  sendHint: '按 Enter 发送，Shift+Enter 换行',
  tooLong: '消息过长，请缩短后再发送。',
  position: '您在队列中排第 {n} 位。',
  wait: '预计等待约 {name} 分钟。',
  next: '您是下一位，客服即将接入。',
  queued: '客服即将接入，请稍候。',
  joined: '{name} 已加入聊天。',
  left: '{name} 已离开聊天。',
  anAgent: '客服',
  agent: '客服',
  you: '您',
  ended: '聊天已结束。',
  warning: '您还在吗？如果没有回复，聊天即将关闭。',
  typing: '{name} 正在输入…',
  sending: '发送中',
  sent: '已发送',
  delivered: '已送达',
  read: '已读',
  failed: '未发送',
  end: '结束聊天',
  endQuestion: '要结束这次聊天吗？',
  endConfirm: '结束聊天',
  keep: '继续聊天',
  again: '开始新的聊天',
  closedTitle: '现在是非服务时间',
  unstaffedTitle: '目前没有客服在线',
  offlineText: '请给我们留言，我们会通过电子邮件回复您。',
  phone: '电话号码',
  callbackText: '请留下您的电话号码，我们会给您回电。',
  laterText: '请稍后再试。',
  leave: '发送留言',
  leaving: '正在发送…',
  thanks: '谢谢，我们已收到您的留言。',
  caseNumber: '您的工单编号是 {n}。',
  loading: '请稍候…',
  transcript: '消息记录',
  newMessages: '新消息 ↓',
  'e.too-fast': '您发送得太快，消息稍后会自动发出。',
  'e.too-large': '这条消息过长，未能发送。',
  'e.too-many-sockets': '您的网络上打开的聊天过多，稍后将自动重试。',
  'e.origin-refused': '此页面无法使用在线咨询。',
  'e.unknown-channel': '在线咨询暂不可用。',
  'e.unknown-session': '找不到您之前的聊天，请重新开始。',
  'e.interaction-closed': '聊天已经结束。',
  'e.unavailable': '服务暂时不可用，正在重试。',
  'e.other': '出了点问题，正在重试。',
}

const BOOK: Record<Locale, Record<TextKey, string>> = { en, 'zh-CN': zh }

export type Say = (key: TextKey, fill?: { n?: number; name?: string }) => string

export function speaker(locale: Locale): Say {
  return (key, fill = {}) =>
    BOOK[locale][key].replace('{n}', () => String(fill.n ?? '')).replace('{name}', () => fill.name ?? '')
}

/** Choose between the two languages by the first wish that names one. */
export function chooseLocale(wishes: readonly (string | null | undefined)[]): Locale {
  for (const wish of wishes) {
    const language = (wish ?? '').toLowerCase().split('-')[0]
    if (language === 'zh') return 'zh-CN'
    if (language === 'en') return 'en'
  }
  return 'en'
}

/** Name an error to a visitor. */
export function errorText(say: Say, slug: string): string {
  const key = `e.${slug}`
  return say(key in en ? (key as TextKey) : 'e.other')
}
