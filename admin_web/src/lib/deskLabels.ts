import type { Label } from './labels'
import type { Sla, Urgency } from '@/api/desk'

const label = (text: string, tone: Label['tone'], icon: string): Label => ({ text, tone, icon })

export const URGENCY: Record<Urgency, Label> = {
  urgent: label('紧急', 'red', 'alert'),
  high: label('优先', 'orange', 'up'),
  normal: label('普通', 'grey', 'dot'),
}
export const CONVERSATION_STATUS: Record<string, Label> = {
  pending: label('自动服务中', 'grey', 'dot'),
  open: label('人工处理中', 'green', 'user'),
  snoozed: label('稍后处理', 'yellow', 'clock'),
  resolved: label('已结束', 'grey', 'check'),
}
export const SLA_STATE: Record<Sla['state'], Label | null> = {
  none: null,
  met: null,
  running: label('计时中', 'grey', 'clock'),
  due_soon: label('快到时限', 'orange', 'clock'),
  breached: label('已超时', 'red', 'alert'),
}
export const CHANNEL_TEXT: Record<string, string> = { web: '网页', h5: '网页', widget: '网页', wechat: '微信', phone: '电话', voice: '电话', mini_program: '小程序' }
export const OUTCOMES = [
  { value: 'solved', text: '已解答' },
  { value: 'referred', text: '已转介到门诊或科室' },
  { value: 'unreachable', text: '患者没有回应' },
  { value: 'not_needed', text: '无需处理' },
]
export const WEEKDAYS = ['', '周一', '周二', '周三', '周四', '周五', '周六', '周日']
export const LABEL_COLORS = [
  { value: 'gray', text: '灰' }, { value: 'blue', text: '蓝' }, { value: 'green', text: '绿' },
  { value: 'amber', text: '橙' }, { value: 'red', text: '红' }, { value: 'violet', text: '紫' },
]
