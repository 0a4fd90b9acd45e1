// In which order colleagues are offered (pure): who can take something now comes first.
import type { AgentDestination } from '@/shared/wire'

function rank(one: AgentDestination): number {
  if (!one.connected || one.statusKind === 'offline') return 3
  if (one.statusKind === 'break') return 2
  return one.used < one.units ? 0 : 1
}

/** Sort by whether they can take work, then by name; who is away and not connected is left out. */
export function sortColleagues(
  all: readonly AgentDestination[], locale: string,
): AgentDestination[] {
  const order = new Intl.Collator(locale)
  return all
    .filter((one) => one.connected)
    .sort((one, other) => rank(one) - rank(other) || order.compare(one.name, other.name))
}
