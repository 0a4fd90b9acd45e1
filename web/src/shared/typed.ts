// A field that shows what the engine knows, and keeps what somebody is typing into it until he is done.
import type { ObjectDirective } from 'vue'

type Field = HTMLInputElement & { typing?: boolean }

function show(field: Field, value: string | number): void {
  const words = String(value)
  if (!field.typing && field.value !== words) field.value = words
}

/** `v-typed="value"` in place of `:value`: shown again with every rendering, but never over half-typed text. */
export const vTyped: ObjectDirective<Field, string | number> = {
  mounted(field, { value }) {
    field.addEventListener('input', () => (field.typing = true))
    for (const done of ['change', 'blur']) field.addEventListener(done, () => (field.typing = false))
    show(field, value)
  },
  updated: (field, { value }) => show(field, value),
}
