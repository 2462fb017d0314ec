import type { EChartsCoreOption } from 'echarts/core'
import type { Board, ObservationSeries } from '@/api/types'
import { clockTime, exactTime, hospitalDate, parseTime } from './time'

const INK = '#485451'
const LINE = '#e1e5e0'
const FONT = { fontFamily: "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif", color: INK, fontSize: 12 }
const GOOD = new Set(['completed'])

/** Outcomes as lying bars, the most frequent on top. */
export function outcomesOption(outcomes: Board['outcomes']): EChartsCoreOption {
  const rows = [...outcomes].sort((a, b) => a.count - b.count)
  return {
    textStyle: FONT,
    animationDuration: 300,
    grid: { left: 4, right: 36, top: 4, bottom: 4, containLabel: true },
    tooltip: { trigger: 'item', confine: true },
    xAxis: { type: 'value', show: false, max: 'dataMax' },
    yAxis: { type: 'category', data: rows.map((row) => row.label), axisLine: { show: false }, axisTick: { show: false }, axisLabel: FONT },
    series: [
      {
        type: 'bar',
        barMaxWidth: 16,
        label: { show: true, position: 'right', ...FONT },
        data: rows.map((row) => ({ value: row.count, itemStyle: { color: GOOD.has(row.disposition) ? '#2b8a6b' : '#9fb6b0', borderRadius: 3 } })),
      },
    ],
  }
}

/** Calls ended in each minute. */
export function paceOption(minutes: Board['per_minute']): EChartsCoreOption {
  return {
    textStyle: FONT,
    animation: false,
    grid: { left: 4, right: 8, top: 10, bottom: 4, containLabel: true },
    tooltip: { trigger: 'axis', confine: true },
    xAxis: { type: 'category', data: minutes.map((one) => clockTime(one.minute)), axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false }, axisLabel: { ...FONT, hideOverlap: true } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: LINE } }, axisLabel: FONT },
    series: [{ type: 'bar', name: '结束通话', barMaxWidth: 14, itemStyle: { color: '#3f8f84', borderRadius: [3, 3, 0, 0] }, data: minutes.map((one) => one.ended) }],
  }
}

function bounds(series: ObservationSeries): { min: number; max: number } {
  const values = series.points.flatMap((point) => (point.value === null ? [] : [point.value]))
  const all = [...values, ...[series.low, series.high].filter((one): one is number => one !== null)]
  const low = Math.min(...all)
  const high = Math.max(...all)
  const room = (high - low || Math.abs(high) || 1) * 0.12
  const round = (value: number): number => Number(value.toPrecision(3))
  return { min: round(low >= 0 ? Math.max(0, low - room) : low - room), max: round(high + room) }
}

function pointStyle(point: ObservationSeries['points'][number]): object {
  if (point.critical) {
    return { symbol: 'triangle', symbolSize: 14, itemStyle: { color: '#ab2418' }, label: { show: true, position: 'top', formatter: `危急 ${point.value}`, color: '#ab2418', fontWeight: 600, fontSize: 12 } }
  }
  return point.flag ? { symbol: 'diamond', symbolSize: 10, itemStyle: { color: '#97470a' } } : { symbol: 'circle', symbolSize: 6 }
}

/** One laboratory series over time: the reference range as a band, abnormal points as diamonds, critical ones named. */
export function observationOption(series: ObservationSeries): EChartsCoreOption {
  const { min, max } = bounds(series)
  const band = series.low === null && series.high === null ? [] : [[{ yAxis: series.low ?? min }, { yAxis: series.high ?? max }]]
  return {
    textStyle: FONT,
    animationDuration: 250,
    grid: { left: 4, right: 20, top: 28, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'item',
      confine: true,
      formatter: (params: { dataIndex: number }) => {
        const point = series.points.filter((one) => one.value !== null)[params.dataIndex]
        return point ? `${exactTime(point.at).slice(0, -3)}<br/><b>${point.value}</b> ${series.unit ?? ''} ${point.critical ? '危急值' : point.flag ? '异常' : '正常'}` : ''
      },
    },
    xAxis: { type: 'time', axisLine: { lineStyle: { color: '#c6cec8' } }, axisLabel: { ...FONT, hideOverlap: true, formatter: (at: number) => hospitalDate(new Date(at)).slice(5).replace('-', '/') }, splitLine: { show: false } },
    yAxis: { type: 'value', min, max, splitLine: { lineStyle: { color: LINE } }, axisLabel: { ...FONT, showMinLabel: false, showMaxLabel: false } },
    series: [
      {
        type: 'line',
        name: series.name,
        lineStyle: { color: '#14605a', width: 2 },
        itemStyle: { color: '#14605a' },
        markArea: { silent: true, itemStyle: { color: 'rgba(43,138,107,.10)' }, label: { show: false }, data: band },
        data: series.points.filter((one) => one.value !== null).map((point) => ({ value: [parseTime(point.at).getTime(), point.value], ...pointStyle(point) })),
      },
    ],
  }
}
