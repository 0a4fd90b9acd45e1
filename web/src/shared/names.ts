/** Take one or two letters that stand for a name; a Chinese name's last character. What is in brackets is no name. */
export function initials(name: string): string {
  const words = name.replace(/\(.*?\)/g, ' ').split(/\s+/).filter(Boolean)
  const first = words[0]
  if (!first) return '?'
  if (/\p{Script=Han}/u.test(first)) return Array.from(first).at(-1) ?? '?'
  const letters = words.length > 1 ? [first, words.at(-1) ?? ''] : [first]
  return letters.map((word) => Array.from(word)[0] ?? '').join('').toUpperCase()
}

/** Give every name its lasting colour, as a hue in degrees. */
export function hueOf(name: string): number {
  let sum = 7
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 3_600
  return sum % 360
}
