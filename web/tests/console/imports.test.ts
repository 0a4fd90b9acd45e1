import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decoded, formatOf, mapped, namesIn } from '@/console/transfer/head'
import TransferPage from '@/console/transfer/TransferPage.vue'
import { PIECE_BYTES, upload, type UploadParts } from '@/console/transfer/upload'
import { caseQuery } from '@/shared/caseFilter'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { Problem } from '@/shared/problem'
import { exportAddress, importOf, importQuery, type Import, type ImportOptions } from '@/shared/transfers'

const OPTIONS: ImportOptions = {
  noun: 'contact', format: 'csv', source: ' crm ', known: 'skip', delimiter: 'semicolon', charset: 'utf-8',
  map: { Name: 'name', email: 'email', 'Shoe size': '' }, dryRun: true,
}
afterEach(() => vi.restoreAllMocks())

describe('the head of a file', () => {
  it('names its columns, whatever lies between and is quoted', () => {
    expect(namesIn('\uFEFFname;"E;Mail";"a ""b"""\r\nx', 'csv', '')).toEqual(['name', 'E;Mail', 'a "b"'])
    expect(namesIn('a,b\tc', 'csv', 'tab')).toEqual(['a,b', 'c'])
    expect(namesIn('{"a": {"x": "}"}, "b": "\\"{"}\n{"c": 1}', 'jsonl', '')).toEqual(['a', 'b'])
    expect(namesIn('[ {"a": 1}, {', 'json', '')).toEqual(['a'])
    expect(namesIn('{"a": ', 'jsonl', '')).toEqual([])
    expect(namesIn('', 'csv', '')).toEqual([])
    expect(decoded(new Uint8Array([0xfe, 0xff, 0, 0x61]).buffer, 'utf-16')).toBe('a')
    expect(['a.CSV', 'a.ndjson', 'a.json', 'a'].map(formatOf)).toEqual(['csv', 'jsonl', 'json', 'csv'])
  })

  it('matches what is called alike, and leaves the rest out', () => {
    const columns = ['time_zone', 'email', 'fields.tins'].map((name) => ({ name, meaning: '' }))
    expect(mapped(['Time Zone', 'E-Mail', 'Tins', 'Shoe'], columns))
      .toEqual({ 'Time Zone': 'time_zone', 'E-Mail': 'email', Tins: 'fields.tins', Shoe: '' })
  })
})

describe('what the engine is asked', () => {
  it('has the options, and each column that is called otherwise', () => {
    const query = importQuery(OPTIONS, 'people.csv')
    expect(query.getAll('map')).toEqual(['Name=name', 'Shoe size='])
    expect(query.toString()).toContain('known=skip&name=people.csv&dry_run=true&complete=false&source=crm&delimiter=semicolon')
  })

  it('exports what a view shows, without its pages', () => {
    const address = exportAddress('case', 'jsonl', caseQuery({ text: 'tea', extra: { open: true, queue: ['a', 'b'] } }))
    expect(address).toBe('/api/v1/exports/case?open=true&queue=a&queue=b&text=tea&format=jsonl')
  })
})

describe('an upload', () => {
  const one = (received: number, state = 'receiving'): Import => importOf({ id: 'i', state, received })
  const file = new File([new Uint8Array(PIECE_BYTES + 10)], 'people.csv')
  const world = (): { [name in keyof UploadParts]: ReturnType<typeof vi.fn> } => ({
    start: vi.fn().mockResolvedValue(one(0)), send: vi.fn(), read: vi.fn(), cancel: vi.fn().mockResolvedValue(one(0)),
    wait: vi.fn().mockResolvedValue(undefined),
  })

  it('goes piece by piece, and after a break where the engine says', async () => {
    const parts = world()
    parts.send.mockRejectedValueOnce(new Problem(503, {})).mockResolvedValueOnce(one(PIECE_BYTES + 10, 'waiting'))
    parts.read.mockResolvedValue(one(PIECE_BYTES))
    const done = await upload(file, OPTIONS, () => undefined, new AbortController().signal, parts as unknown as UploadParts)
    expect(done.state).toBe('waiting')
    const sent = parts.send.mock.calls.map(([, piece, where]) => [(piece as Blob).size, where])
    expect(sent).toEqual([[PIECE_BYTES, { offset: 0, complete: false }], [10, { offset: PIECE_BYTES, complete: true }]])
    expect(parts.cancel).not.toHaveBeenCalled()
  })

  it('that is refused leaves nothing waiting for more', async () => {
    const parts = world()
    parts.send.mockRejectedValue(new Problem(400, { slug: 'invalid' }))
    await expect(upload(file, OPTIONS, () => undefined, new AbortController().signal, parts as unknown as UploadParts)).rejects.toThrow()
    expect(parts.send).toHaveBeenCalledTimes(1)
    expect(parts.cancel).toHaveBeenCalledWith('i')
  })
})

describe('the page', () => {
  it('lists what came in, and says why it cannot', async () => {
    const get = vi.spyOn(requester, 'get').mockImplementation((path) =>
      path === '/imports' ? Promise.reject(new Problem(503, {})) : Promise.resolve({ items: [] }))
    const page = mount(TransferPage, { props: { id: '' }, global: { plugins: [i18n, createPinia()] } })
    await flushPromises()
    expect(page.find('[data-test=import]').exists()).toBe(false)
    get.mockResolvedValue({ items: [{ id: 'i', noun: 'account', name: 'firms.csv', state: 'done', total: 3, created: 2, failed: 1, dry_run: true }] })
    await page.findAll('button').find((one) => one.text() === i18n.global.t('case.again'))!.trigger('click')
    await flushPromises()
    expect(page.get('[data-test=import]').text()).toContain('firms.csv')
    expect(page.get('[data-test=import]').text()).toContain('2 created · 1 failed')
    page.unmount()
  })
})
