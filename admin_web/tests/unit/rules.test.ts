import { describe, expect, it } from 'vitest'
import { withQuery } from '@/api/http'
import { problemOf, toProblem } from '@/api/problem'
import type { Turn } from '@/api/types'
import { onlyLive, withMessage } from '@/lib/board'
import { definitionProblems, lineOf } from '@/lib/definition'
import { valueText } from '@/lib/labels'
import { grants } from '@/lib/permissions'
import { currentTurn, latencyFigures } from '@/lib/transcript'
import { safeNext } from '@/router'

const turn = (id: string, offset_ms: number | null, latency_ms: number | null = null): Turn => ({ id, offset_ms, latency_ms, sender: 'bot', text: id, at: '', key: null, source: null, understanding: null })

describe('problems', () => {
  it('carries detail, field and code', () => {
    const problem = toProblem(422, { title: '内容有误', detail: '备注不能为空', code: 'invalid', field: 'note' })
    expect([problem.message, problem.field, problem.code, problem.retryable]).toEqual(['备注不能为空', 'note', 'invalid', false])
  })
  it('says something honest without a document', () => {
    expect(toProblem(502, '<html>').message).toContain('502')
    expect(problemOf(new TypeError('fetch')).retryable).toBe(true)
  })
})

describe('permissions', () => {
  it.each([[['tasks.*'], 'tasks.read', true], [['*'], 'x.y', true], [['tasks.*'], 'tasksx.read', false], [['calls.read'], 'calls.listen', false], [[], 'a.b', false]])('%j for %s: %s', (granted, wanted, yes) => expect(grants(granted, wanted)).toBe(yes))
})

describe('a transcript beside its recording', () => {
  const turns = [turn('a', 1000, 900), turn('b', 5000, 100), turn('c', null), turn('d', 9000, 500)]
  it.each([[0, undefined], [1000, 'a'], [8999, 'b'], [60_000, 'd']])('at %d ms is at %s', (at, id) => expect(currentTurn(turns, at)?.id).toBe(id))
  it('has median and slowest by nearest rank', () => expect(latencyFigures(turns)).toEqual({ median: 500, p95: 900, count: 3 }))
  it('has no figures without answers', () => expect(latencyFigures([turn('x', 1)])).toBeNull())
})

describe('live words on the board', () => {
  const said = (id: string, text: string, name = 'message.added') => ({ topic: 'campaign:1', name, at: '', data: { call_id: 'c', message_id: id, sender: 'patient', text } })
  it('keeps the last four and no message twice', () => {
    let map = withMessage(new Map(), said('0', '喂'))
    map = withMessage(map, said('0', '喂'))
    for (const n of ['1', '2', '3', '4']) map = withMessage(map, said(n, n))
    expect(map.get('c')?.map((one) => one.text)).toEqual(['1', '2', '3', '4'])
  })
  it('ignores other events and forgets ended calls', () => {
    expect(withMessage(new Map(), said('0', 'x', 'call.ended')).size).toBe(0)
    expect(onlyLive(withMessage(new Map(), said('0', 'x')), []).size).toBe(0)
  })
})

describe('definition problems', () => {
  const yaml = 'items:\n  - link_id: a\n    type: text\n  - type: date\n    link_id: "b"\n'
  it('finds an item’s line', () => expect([lineOf(yaml, 'a'), lineOf(yaml, 'b'), lineOf(yaml, 'z')]).toEqual([2, 5, null]))
  it('falls back to the problem’s own words', () => expect(definitionProblems(toProblem(422, { detail: '不是 YAML', field: 'yaml' }))).toEqual([{ reason: '不是 YAML', link_id: 'yaml' }]))
})

describe('values as people say them', () => {
  const options = [{ code: 'true', display: '有' }, { code: 'false', display: '没有' }]
  it.each([[true, [], null, '是'], [false, options, null, '没有'], [0, [], '天', '0 天'], [null, [], null, '未识别'], ['2026-11-05', [], null, '2026年11月5日'], [['true'], options, null, '有']])('%j', (value, list, unit, text) => expect(valueText(value, list, unit)).toBe(text))
})

describe('addresses', () => {
  it('leaves out empty filters', () => expect(withQuery('/api/x', { a: '', b: null, c: 0, d: '张' })).toBe('/api/x?c=0&d=%E5%BC%A0'))
  it.each([['/calls?x=1', '/calls?x=1'], ['//evil.example', '/'], ['/\\evil', '/'], ['https://evil.example', '/'], [undefined, '/']])('returns to %s as %s', (next, to) => expect(safeNext(next)).toBe(to))
})
