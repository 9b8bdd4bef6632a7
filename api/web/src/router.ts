import { createRouter, createWebHistory } from 'vue-router'
import { useSession } from './stores/session'

// Each page is loaded when it is first opened: an old desk on a thin line.
export const router = createRouter({
  history: createWebHistory('/'),
  routes: [
    { path: '/', name: 'today', component: () => import('./pages/TodayPage.vue') },
    { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { public: true } },
    { path: '/items', name: 'items', component: () => import('./pages/ItemsPage.vue'), meta: { public: true } },
    { path: '/items/:code', name: 'item', component: () => import('./pages/ItemPage.vue'), props: true, meta: { public: true } },
    { path: '/items/:code/new', name: 'new', component: () => import('./pages/NewCasePage.vue'), props: true },
    { path: '/cases', name: 'cases', component: () => import('./pages/CasesPage.vue') },
    { path: '/cases/:id', name: 'case', component: () => import('./pages/CasePage.vue'), props: true },
    { path: '/packages', name: 'packages', component: () => import('./pages/PackagesPage.vue'), meta: { public: true } },
    { path: '/packages/:code/new', name: 'new-joint', component: () => import('./pages/NewCasePage.vue'), props: (route) => ({ code: route.params.code, joint: true }) },
    { path: '/joint/:id', name: 'joint', component: () => import('./pages/JointPage.vue'), props: true },
    { path: '/custody', name: 'custody', component: () => import('./pages/CustodyPage.vue') },
    { path: '/fees', name: 'fees', component: () => import('./pages/FeesPage.vue') },
    { path: '/service', name: 'service', component: () => import('./pages/ServicePage.vue') },
    { path: '/accounts', name: 'accounts', component: () => import('./pages/AccountsPage.vue') },
    { path: '/supervision', name: 'supervision', component: () => import('./pages/SupervisionPage.vue') },
    { path: '/supervision/:id', name: 'card', component: () => import('./pages/CardPage.vue'), props: true },
    { path: '/verify', name: 'verify', component: () => import('./pages/VerifyPage.vue'), meta: { public: true } },
    { path: '/lookup', name: 'lookup', component: () => import('./pages/LookupPage.vue'), meta: { public: true } },
    { path: '/published', name: 'published', component: () => import('./pages/PublishedPage.vue'), meta: { public: true } },
    { path: '/hall', name: 'hall', component: () => import('./pages/HallPage.vue'), meta: { public: true, bare: true } },
    { path: '/line', name: 'line', component: () => import('./pages/LinePage.vue') },
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NowherePage.vue'), meta: { public: true } },
  ],
})

router.beforeEach(async (to) => {
  const session = useSession()
  await session.load()
  if (!to.meta.public && (!session.who || session.mustChange)) return { name: 'login', query: { to: to.fullPath } }
  return true
})
