import type { Answer, AlertLevel, ItemType, Option } from '@/api/types'
import { dateText } from './time'

export type Tone = 'red' | 'orange' | 'yellow' | 'green' | 'blue' | 'grey'
export interface Label {
  text: string
  tone: Tone
  icon: string
}

const label = (text: string, tone: Tone, icon: string): Label => ({ text, tone, icon })

export const TASK_STATUS: Record<string, Label> = {
  planned: label('未到期', 'grey', 'clock'),
  due: label('待随访', 'blue', 'dot'),
  in_progress: label('进行中', 'blue', 'phone'),
  done: label('已完成', 'green', 'check'),
  unreachable: label('未联系上', 'orange', 'phone-off'),
  cancelled: label('已取消', 'grey', 'minus'),
  missed: label('已过期', 'orange', 'minus'),
}

export const ALERT_LEVEL: Record<AlertLevel, Label> = {
  red: label('红色', 'red', 'alert'),
  orange: label('橙色', 'orange', 'alert'),
  yellow: label('黄色', 'yellow', 'alert'),
}

export const CAMPAIGN_STATE: Record<string, Label> = {
  draft: label('待开始', 'grey', 'clock'),
  running: label('进行中', 'green', 'phone'),
  paused: label('已暂停', 'yellow', 'pause'),
  finished: label('已结束', 'grey', 'check'),
  cancelled: label('已取消', 'grey', 'minus'),
}

export const CALL_STATE: Record<string, Label> = {
  created: label('准备拨打', 'grey', 'clock'),
  placing: label('准备拨打', 'grey', 'clock'),
  unknown: label('正在核实', 'yellow', 'help'),
  refused: label('线路未受理', 'orange', 'phone-off'),
  queued: label('等待拨打', 'grey', 'clock'),
  dialling: label('拨号中', 'blue', 'phone'),
  ringing: label('振铃中', 'blue', 'phone'),
  answered: label('通话中', 'green', 'phone'),
  in_call: label('通话中', 'green', 'phone'),
  in_progress: label('通话中', 'green', 'phone'),
  ended: label('已结束', 'grey', 'check'),
  failed: label('未接通', 'orange', 'phone-off'),
}

export const TARGET_STATE: Record<string, Label> = {
  waiting: label('等待', 'grey', 'clock'),
  in_progress: label('进行中', 'blue', 'phone'),
  dialling: label('拨号中', 'blue', 'phone'),
  retrying: label('待重拨', 'yellow', 'refresh'),
  done: label('已完成', 'green', 'check'),
  people: label('转人工', 'orange', 'user'),
  excluded: label('不呼叫', 'grey', 'minus'),
  cancelled: label('已取消', 'grey', 'minus'),
}

const DISPOSITION_TONE: Record<string, [Tone, string]> = {
  completed: ['green', 'check'],
  partial: ['yellow', 'half'],
  callback: ['blue', 'clock'],
  refused: ['orange', 'minus'],
  do_not_call: ['orange', 'minus'],
  wrong_number: ['orange', 'phone-off'],
  deceased: ['grey', 'minus'],
  wants_person: ['orange', 'user'],
  attended: ['blue', 'user'],
  talked: ['green', 'phone'],
  given_up: ['grey', 'minus'],
  not_here: ['yellow', 'user'],
  relative: ['yellow', 'user'],
  no_answer: ['grey', 'phone-off'],
  busy: ['grey', 'phone-off'],
  voicemail: ['grey', 'phone-off'],
  silent: ['grey', 'phone-off'],
  answered: ['green', 'check'],
  message_left: ['blue', 'chat'],
  emergency: ['red', 'alert'],
}

const DISPOSITION_TEXT: Record<string, string> = {
  completed: '完成随访', partial: '部分完成', callback: '约定再呼', refused: '拒绝接受', do_not_call: '不再来电',
  wrong_number: '号码有误', not_here: '本人不在', relative: '家属接听', deceased: '患者已故', wants_person: '要求人工', attended: '人工接听',
  no_answer: '无人接听', busy: '占线', carrier_failed: '线路故障', not_placed: '未能拨出', unprepared: '资料异常未能拨出', invalid_number: '号码无效', unreachable: '关机或无法接通', rejected: '拒接', voicemail: '语音信箱',
  silent: '接通无声', bot_unavailable: '系统暂停', unknown: '结果未知',
}

export function disposition(code: string | null, text?: string | null): Label | null {
  if (!code) return null
  const [tone, icon] = DISPOSITION_TONE[code] ?? ['grey', 'dot']
  return label(text || DISPOSITION_TEXT[code] || code, tone as Tone, icon as string)
}

export const ANSWER_STATUS: Record<string, Label> = {
  accepted: label('已采纳', 'green', 'check'),
  uncertain: label('待复核', 'yellow', 'help'),
  refused: label('不愿回答', 'grey', 'minus'),
  skipped: label('已跳过', 'grey', 'minus'),
}

export const RESPONSE_STATUS: Record<string, Label> = {
  in_progress: label('填写中', 'blue', 'half'),
  completed: label('已完成', 'green', 'check'),
  stopped: label('未完成', 'yellow', 'half'),
}

export const QUESTIONNAIRE_STATUS: Record<string, Label> = {
  draft: label('草稿', 'yellow', 'edit'),
  published: label('已发布', 'green', 'check'),
  retired: label('已停用', 'grey', 'minus'),
}

export const CONSENT: Record<string, Label> = {
  granted: label('同意电话随访', 'green', 'check'),
  refused: label('不同意电话随访', 'orange', 'minus'),
  unknown: label('同意书未登记', 'yellow', 'help'),
}

export const ROLE: Record<string, string> = {
  administrator: '管理员', nurse: '随访护士', follow_up_nurse: '随访护士', clinician: '临床医生', auditor: '审计员', knowledge_editor: '知识编辑',
}

export const ITEM_TYPE: Record<ItemType, string> = {
  boolean: '是否', choice: '单选', multi_choice: '多选', integer: '整数', decimal: '小数', date: '日期', text: '文字', display: '播报',
}

export const ANCHOR: Record<string, string> = {
  transfer: '胚胎移植', pregnancy_confirmed: '确认妊娠', insemination: '人工授精', transplant_kidney: '肾移植',
  transplant_liver: '肝移植', waiting_listed: '登记等待', delivery: '分娩',
}

export const CHANNEL: Record<string, string> = { voice: '电话', chat: '微信/网页', form: '网页问卷', staff: '人工' }
export const SOURCE: Record<string, string> = { speech: '语音', keys: '按键', chat: '文字', staff: '人工' }
export const GENDER: Record<string, string> = { female: '女', male: '男', F: '女', M: '男', unknown: '未登记' }

/** A label of a table, or the raw word in grey when the server knows one we do not. */
export function lookup(table: Record<string, Label>, key: string): Label {
  return table[key] ?? label(key, 'grey', 'dot')
}

export const RECHECK_REASON: Record<string, string> = { not_understood: '问了几次都没有听懂', low_confidence: '听清了，但把握不够', unwritten: '说的话没有转成文字，请听录音后填写' }
export const CALL_QUALITY: Record<string, Label> = {
  good: label('清楚', 'green', 'check'),
  fair: label('一般', 'yellow', 'info'),
  poor: label('较差', 'orange', 'alert'),
}
export const CONTRACT_STATE: Record<string, Label> = {
  active: label('保存中', 'green', 'check'),
  arrears: label('欠费', 'orange', 'alert'),
  terminated: label('已终止', 'grey', 'minus'),
}

export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '—' : `${Math.round(value * 100)}%`
}

const isNothing = (value: unknown): boolean => value === null || value === undefined || value === ''

/** A value as people say it: 是/否, the option's display, number with unit, a Chinese date. */
export function valueText(value: unknown, options: readonly Option[] = [], unit: string | null = null): string {
  if (isNothing(value)) return '未识别'
  if (Array.isArray(value)) return value.map((one) => valueText(one, options)).join('、')
  const text = String(value)
  const found = options.find((option) => option.code === text)
  if (found) return found.display
  if (typeof value === 'boolean') return value ? '是' : '否'
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return dateText(text)
  return unit ? `${text} ${unit}` : text
}

export const answerText = (answer: Answer): string =>
  answer.status === 'refused' || answer.status === 'skipped' ? '—' : answer.display || valueText(answer.value)
