import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from 'vue-router'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    bare?: boolean
    permission?: string
    nav?: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { title: '登录', bare: true } },
  { path: '/', component: () => import('./pages/WorkbenchPage.vue'), meta: { title: '工作台', nav: '/' } },
  { path: '/alerts', component: () => import('./pages/AlertsPage.vue'), meta: { title: '预警', permission: 'alerts.read', nav: '/alerts' } },
  { path: '/rechecks', component: () => import('./pages/RechecksPage.vue'), meta: { title: '复核', permission: 'rechecks.read', nav: '/rechecks' } },
  { path: '/people', component: () => import('./pages/PeoplePage.vue'), meta: { title: '待人工处理', permission: 'campaigns.read', nav: '/people' } },
  { path: '/patients', component: () => import('./pages/PatientsPage.vue'), meta: { title: '患者', permission: 'patients.read', nav: '/patients' } },
  { path: '/patients/:id', component: () => import('./pages/PatientPage.vue'), meta: { title: '患者', permission: 'patients.read', nav: '/patients' } },
  { path: '/imports', component: () => import('./pages/ImportsPage.vue'), meta: { title: '数据导入', permission: 'imports.run', nav: '/imports' } },
  { path: '/campaigns', component: () => import('./pages/CampaignsPage.vue'), meta: { title: '外呼任务', permission: 'campaigns.read', nav: '/campaigns' } },
  { path: '/campaigns/new', component: () => import('./pages/CampaignNewPage.vue'), meta: { title: '新建外呼任务', permission: 'campaigns.write', nav: '/campaigns' } },
  { path: '/campaigns/:id', component: () => import('./pages/BoardPage.vue'), meta: { title: '实时看板', permission: 'campaigns.read', nav: '/campaigns' } },
  { path: '/calls', component: () => import('./pages/CallsPage.vue'), meta: { title: '通话记录', permission: 'calls.read', nav: '/calls' } },
  { path: '/calls/:id', component: () => import('./pages/CallPage.vue'), meta: { title: '通话', permission: 'calls.read', nav: '/calls' } },
  { path: '/questionnaires', component: () => import('./pages/QuestionnairesPage.vue'), meta: { title: '问卷', permission: 'questionnaires.read', nav: '/questionnaires' } },
  { path: '/questionnaires/:key', component: () => import('./pages/QuestionnairePage.vue'), meta: { title: '问卷', permission: 'questionnaires.read', nav: '/questionnaires' } },
  { path: '/prompts', component: () => import('./pages/PromptsPage.vue'), meta: { title: '提示音', permission: 'prompts.read', nav: '/prompts' } },
  { path: '/desk', component: () => import('./pages/DeskPage.vue'), meta: { title: '会话', permission: 'desk.read', nav: '/desk' } },
  { path: '/desk/rota', component: () => import('./pages/RotaPage.vue'), meta: { title: '排班', permission: 'desk.read', nav: '/desk/rota' } },
  { path: '/desk/replies', component: () => import('./pages/RepliesPage.vue'), meta: { title: '常用语', permission: 'desk.read', nav: '/desk/replies' } },
  { path: '/knowledge', component: () => import('./pages/KnowledgePage.vue'), meta: { title: '知识库', permission: 'knowledge.read', nav: '/knowledge' } },
  { path: '/knowledge/unanswered', component: () => import('./pages/UnansweredPage.vue'), meta: { title: '没答上来的问题', permission: 'knowledge.read', nav: '/knowledge/unanswered' } },
  { path: '/knowledge/quality', component: () => import('./pages/KnowledgeQualityPage.vue'), meta: { title: '效果评测', permission: 'knowledge.read', nav: '/knowledge' } },
  { path: '/knowledge/:id', component: () => import('./pages/KnowledgeEntryPage.vue'), meta: { title: '问答', permission: 'knowledge.read', nav: '/knowledge' } },
  { path: '/safety', component: () => import('./pages/SafetyPage.vue'), meta: { title: '安全规则', permission: 'safety.read', nav: '/safety' } },
  { path: '/account', component: () => import('./pages/AccountPage.vue'), meta: { title: '账号与系统', nav: '/account' } },
  { path: '/:rest(.*)*', component: () => import('./pages/NotFoundPage.vue'), meta: { title: '没有这个页面' } },
]

/** Only a path of our own may be returned to after signing in. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach(async (to) => {
    const session = useSession()
    await session.restore().catch(() => undefined)
    if (to.name === 'login') return session.user ? safeNext(to.query.next) : true
    return session.user ? true : { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  })
  router.afterEach((to) => {
    document.title = to.meta.title ? `${to.meta.title} · 回访` : '回访'
  })
  return router
}
