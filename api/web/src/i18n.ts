import { createI18n } from 'vue-i18n'
import en from './locales/en.json'
import zh from './locales/zh.json'

export type Language = 'zh' | 'en'

const remembered = localStorage.getItem('language')

export const i18n = createI18n({
  legacy: false,
  locale: remembered === 'en' ? 'en' : 'zh',
  fallbackLocale: 'zh',
  messages: { zh, en },
})

document.documentElement.lang = remembered === 'en' ? 'en' : 'zh-CN'

/** Speaks another language from now on, also at the next visit. */
export function speak(language: Language): void {
  i18n.global.locale.value = language
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  localStorage.setItem('language', language)
}
