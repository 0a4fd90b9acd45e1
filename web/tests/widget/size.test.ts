// @vitest-environment node
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { expect, it } from 'vitest'

const LIMIT = 15 * 1024

it('the widget stays within 15 KiB gzipped and needs nothing else', async () => {
  const configFile = fileURLToPath(new URL('../../vite.widget.config.ts', import.meta.url))
  const result = await build({ configFile, logLevel: 'silent', build: { write: false } })
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []))
  expect(outputs).toHaveLength(1)
  const script = outputs[0]
  if (script?.type !== 'chunk') throw new Error('the build made no script')
  expect(script.imports).toEqual([])
  expect(gzipSync(script.code, { level: 9 }).length).toBeLessThanOrEqual(LIMIT)
})
