// Which cases of a list are chosen (pure): one by one, a stretch of them, or all that the filter finds.

export interface Selection {
  ids: ReadonlySet<string>
  /** All that the filter finds, shown or not; ``ids`` does not count then. */
  all: boolean
  /** Where a stretch begins. */
  anchor: string
}

export const NOTHING: Selection = { ids: new Set(), all: false, anchor: '' }

export const isEmpty = (one: Selection): boolean => !one.all && one.ids.size === 0

/** Choose or leave a case; ``stretch`` does the same to all between it and the one before, as they stand in the list. */
export function toggled(before: Selection, id: string, shown: readonly string[], stretch: boolean): Selection {
  const ids = new Set(before.all ? shown : before.ids)
  const on = !ids.has(id)
  const [from, to] = [shown.indexOf(before.anchor), shown.indexOf(id)].sort((one, other) => one - other)
  const meant = stretch && from !== undefined && from >= 0 && to !== undefined ? shown.slice(from, to + 1) : [id]
  for (const one of meant) {
    if (on) ids.add(one)
    else ids.delete(one)
  }
  return { ids, all: false, anchor: id }
}

/** Choose all that are shown; or none, where they are chosen already. */
export function toggledShown(before: Selection, shown: readonly string[]): Selection {
  const every = before.all || shown.every((id) => before.ids.has(id))
  return { ids: new Set(every ? [] : shown), all: false, anchor: '' }
}
