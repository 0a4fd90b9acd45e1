// @vitest-environment node
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { expect, it } from 'vitest'

const LIMIT = 12 * 1024

it('the form stays within 12 KiB gzipped and needs nothing else', async () => {
  const configFile = fileURLToPath(new URL('../../vite.form.config.ts', import.meta.url))
  const result = await build({ configFile, logLevel: 'silent', build: { write: false } })
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []))
  expect(outputs).toHaveLength(1)
  const script = outputs[0]
  if (script?.type !== 'chunk') throw new Error('the build made no script')
  expect(script.imports).toEqual([])
  expect(gzipSync(script.code, { level: 9 }).length).toBeLessThanOrEqual(LIMIT)
})
