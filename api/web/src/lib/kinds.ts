import { useI18n } from 'vue-i18n'

/** What happened, by the kind of its entry; what the node calls it where this page knows no word. */
export function useKinds(): (kind: string | undefined, what?: string) => string {
  const { t, te } = useI18n()
  return (kind, what = '') => (kind && te('kind.' + kind) ? t('kind.' + kind) : what || kind || '')
}
