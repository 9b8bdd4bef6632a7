import './lib/old'
import { createApp } from 'vue'
import { createPinia } from 'pinia'
import App from './App.vue'
import { i18n } from './i18n'
import { recallDevice } from './lib/device'
import { opens } from './lib/rows'
import { stack } from './lib/stack'
import { router } from './router'
import './theme.css'
import './public.css'

// A browser that keeps nothing is no device; a disk that hangs keeps nobody out.
const recalled = Promise.race([recallDevice().catch(() => undefined), new Promise((done) => setTimeout(done, 2000))])
void recalled.then(() => createApp(App).use(createPinia()).use(i18n).use(router).directive('opens', opens).directive('stack', stack).mount('#app'))
