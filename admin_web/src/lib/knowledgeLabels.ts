import type { Label } from './labels'

const label = (text: string, tone: Label['tone'], icon: string): Label => ({ text, tone, icon })

export const ENTRY_STATUS: Record<string, Label> = {
  draft: label('草稿', 'yellow', 'edit'),
  in_review: label('待审核', 'blue', 'eye'),
  published: label('已发布', 'green', 'check'),
  retired: label('已停用', 'grey', 'minus'),
}
export const ENTRY_FLAG: Record<string, Label> = {
  sample: label('样例，请核对', 'yellow', 'info'),
  expiring: label('即将到期', 'orange', 'clock'),
  expired: label('已到期，不再回答', 'red', 'clock'),
  paused: label('评价下降，已暂停回答', 'red', 'pause'),
}
export const ANSWER_CLASS: Record<string, string> = { service: '服务类', education: '宣教', advice: '诊疗建议' }
export const CLASS_HINT: Record<string, string> = {
  service: '地点、时间、流程、费用等。系统可直接回答。',
  education: '注意事项等宣教内容，一字不改地给出，须由医生审核。',
  advice: '症状、用药等问题。系统不回答，转给医生。',
}
export const SOURCE_KIND: Record<string, string> = {
  desk: '客服回复', chat: '网上咨询', call: '随访电话', consult: '问诊', education: '宣教', canned: '常用语', group: '患者群',
}
export const METHOD: Record<string, string> = { bm25: '仅关键词', dense: '仅语义', fused: '两者结合（现用）' }
