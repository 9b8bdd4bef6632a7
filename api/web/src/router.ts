import { createRouter, createWebHistory } from 'vue-router'
import { deviceHere } from './lib/device'
import { useMine } from './stores/mine'
import { navigation } from './lib/nav'
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
    { path: '/cases/:id/watch', name: 'caseWatch', component: () => import('./pages/CaseWatchPage.vue'), props: true },
    { path: '/cases/:id', name: 'case', component: () => import('./pages/CasePage.vue'), props: true },
    { path: '/packages', name: 'packages', component: () => import('./pages/PackagesPage.vue'), meta: { public: true } },
    { path: '/packages/:code/new', name: 'new-joint', component: () => import('./pages/NewCasePage.vue'), props: (route) => ({ code: route.params.code, joint: true }) },
    { path: '/joint/:id', name: 'joint', component: () => import('./pages/JointPage.vue'), props: true },
    { path: '/custody', name: 'custody', component: () => import('./pages/CustodyPage.vue') },
    { path: '/records', name: 'records', component: () => import('./pages/RecordsPage.vue') },
    { path: '/guides', name: 'guides', component: () => import('./pages/GuidesPage.vue') },
    { path: '/files', name: 'files', component: () => import('./pages/FilesPage.vue') },
    { path: '/fees', name: 'fees', component: () => import('./pages/FeesPage.vue') },
    { path: '/service', name: 'service', component: () => import('./pages/ServicePage.vue') },
    { path: '/accounts', name: 'accounts', component: () => import('./pages/AccountsPage.vue') },
    { path: '/supervision', name: 'supervision', component: () => import('./pages/SupervisionPage.vue') },
    { path: '/supervision/cases', name: 'boardCases', component: () => import('./pages/BoardCasesPage.vue') },
    { path: '/supervision/inquiries', name: 'inquiries', component: () => import('./pages/InquiriesPage.vue') },
    { path: '/supervision/samples', name: 'samples', component: () => import('./pages/SamplesPage.vue') },
    { path: '/supervision/samples/:id', name: 'sample', component: () => import('./pages/SamplePage.vue'), props: true },
    { path: '/appraisal', name: 'appraisal', component: () => import('./pages/AppraisalPage.vue') },
    { path: '/mine', name: 'mine', component: () => import('./pages/MinePage.vue') },
    { path: '/supervision/ratings', name: 'ratings', component: () => import('./pages/RatingsPage.vue') },
    { path: '/supervision/complaints', name: 'complaints', component: () => import('./pages/ComplaintsPage.vue') },
    { path: '/supervision/:id', name: 'card', component: () => import('./pages/CardPage.vue'), props: true },
    { path: '/catalog', name: 'catalog', component: () => import('./pages/CatalogPage.vue') },
    { path: '/catalog/packages/:code', name: 'catalogPackage', component: () => import('./pages/CatalogPackagePage.vue'), props: true },
    { path: '/catalog/:code', name: 'catalogItem', component: () => import('./pages/CatalogItemPage.vue'), props: true },
    { path: '/calendar', name: 'calendar', component: () => import('./pages/CalendarPage.vue') },
    { path: '/divisions', name: 'divisions', component: () => import('./pages/DivisionsPage.vue') },
    { path: '/staff', name: 'staff', component: () => import('./pages/StaffPage.vue') },
    { path: '/staff/:id', name: 'person', component: () => import('./pages/PersonPage.vue'), props: true },
    { path: '/devices', name: 'devices', component: () => import('./pages/DevicesPage.vue') },
    { path: '/nodes', name: 'nodes', component: () => import('./pages/NodesPage.vue') },
    { path: '/seals', name: 'seals', component: () => import('./pages/SealsPage.vue') },
    { path: '/reveals', name: 'reveals', component: () => import('./pages/RevealsPage.vue') },
    { path: '/attention', name: 'attention', component: () => import('./pages/AttentionPage.vue') },
    { path: '/backup', name: 'backup', component: () => import('./pages/BackupPage.vue') },
    { path: '/statistics', name: 'statistics', component: () => import('./pages/StatisticsPage.vue') },
    { path: '/verify', name: 'verify', component: () => import('./pages/VerifyPage.vue'), meta: { public: true } },
    { path: '/lookup', name: 'lookup', component: () => import('./pages/LookupPage.vue'), meta: { public: true } },
    { path: '/published', name: 'published', component: () => import('./pages/PublishedPage.vue'), meta: { public: true } },
    { path: '/welcome', name: 'welcome', component: () => import('./pages/WelcomePage.vue'), meta: { public: true, frame: 'public' } },
    { path: '/field', name: 'field', component: () => import('./pages/FieldPage.vue'), meta: { public: true } },
    { path: '/field/new/:code', name: 'fieldCase', component: () => import('./pages/FieldCasePage.vue'), props: true, meta: { public: true } },
    { path: '/rate', name: 'rate', component: () => import('./pages/RatePage.vue'), meta: { public: true, frame: 'public' } },
    { path: '/complain', name: 'complain', component: () => import('./pages/ComplainPage.vue'), meta: { public: true, frame: 'public' } },
    { path: '/trust', name: 'trust', component: () => import('./pages/TrustPage.vue'), meta: { public: true, frame: 'public' } },
    { path: '/kiosk', name: 'kiosk', component: () => import('./pages/KioskPage.vue'), meta: { public: true, bare: true, alone: true } },
    { path: '/my', name: 'my', component: () => import('./pages/MyHomePage.vue'), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/login', name: 'myLogin', component: () => import('./pages/MyLoginPage.vue'), meta: { public: true, frame: 'public', alone: true } },
    { path: '/my/activate', name: 'myActivate', component: () => import('./pages/MyActivatePage.vue'), meta: { public: true, frame: 'public', alone: true } },
    { path: '/my/provider', name: 'myProvider', component: () => import('./pages/MyProviderPage.vue'), meta: { public: true, frame: 'public', alone: true } },
    { path: '/my/find', name: 'myFind', component: () => import('./pages/MyFindPage.vue'), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/apply/:code', name: 'myApply', component: () => import('./pages/MyApplyPage.vue'), props: true, meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/packages/:code', name: 'myJointApply', component: () => import('./pages/MyApplyPage.vue'), props: (route) => ({ code: route.params.code, joint: true }), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/joint/:id', name: 'myJoint', component: () => import('./pages/MyJointPage.vue'), props: true, meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/joint/:id/supplement', name: 'myJointSupplement', component: () => import('./pages/MySupplementPage.vue'), props: (route) => ({ id: route.params.id, joint: true }), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/cases/:id', name: 'myCase', component: () => import('./pages/MyCasePage.vue'), props: true, meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/cases/:id/supplement', name: 'mySupplement', component: () => import('./pages/MySupplementPage.vue'), props: true, meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/results', name: 'myResults', component: () => import('./pages/MyResultsPage.vue'), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/notices', name: 'myNotices', component: () => import('./pages/MyNoticesPage.vue'), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/record', name: 'myRecord', component: () => import('./pages/MyRecordPage.vue'), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/my/account', name: 'myAccount', component: () => import('./pages/MyAccountPage.vue'), meta: { public: true, frame: 'mine', alone: true } },
    { path: '/hall', name: 'hall', component: () => import('./pages/HallPage.vue'), meta: { public: true, bare: true, alone: true } },
    { path: '/line', name: 'line', component: () => import('./pages/LinePage.vue') },
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NowherePage.vue'), meta: { public: true } },
  ],
})

router.beforeEach(async (to) => {
  // Pages of the public that no member of staff has ask nobody who they are.
  if (!to.meta.alone) await useSession().load()
  if (to.meta.frame) await useMine().load()
  if (to.meta.frame === 'mine' && !useMine().account) return { name: 'myLogin', query: { to: to.fullPath } }
  const session = useSession()
  if (!to.meta.public && (!session.who || session.mustChange)) {
    if (to.path === '/' && !session.who) return { name: deviceHere() ? 'field' : 'welcome' }
    return { name: 'login', query: { to: to.fullPath } }
  }
  // Whoever does not hand in or decide begins where their own day does.
  const first = session.who && navigation(session.roles, session.may)[0]
  if (to.name === 'today' && first && first.name !== 'today') return { name: first.name, replace: true }
  return true
})
