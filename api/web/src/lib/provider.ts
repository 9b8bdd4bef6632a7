/** What an identity provider sent the browser back with. */
export interface Returned {
  /** To hand in; none when the provider reports an error, or sent nothing. */
  body?: { state: string; code: string; issuer?: string }
  /** It was to link an identity, as the state says; otherwise to log in. */
  link: boolean
  /** The provider, or whoever was there, said no. */
  denied: boolean
}

/** Reads the query with which a browser comes back. */
export function returned(query: string): Returned {
  const q = new URLSearchParams(query)
  const state = q.get('state') ?? ''
  const code = q.get('code') ?? ''
  const issuer = q.get('iss')
  const link = state.startsWith('link.')
  if (q.get('error') !== null || !state || !code) return { link, denied: q.get('error') !== null }
  return { body: { state, code, ...(issuer ? { issuer } : {}) }, link, denied: false }
}
