import type { Schemas } from '../api'

type Answered = Schemas['JointAnswered'] | undefined

/** How far a joint matter is, for words: one that was told what is missing is not shown as that any more once all of it came. */
export const stateOf = (summary: { status: string; answered?: Answered }): string => (summary.answered?.windows?.length ? 'answered' : summary.status)

/** The departments it waits for, each once. */
export const waitsFor = (answered: Answered): string[] => [...new Set((answered?.windows ?? []).map((w) => w.department))]

/** Whether a kind of applicant may apply for something of that subject; nobody in particular looks at everything. */
export const isFor = (subject: Schemas['PackageSubject'] | undefined, who: Schemas['ApplicantType'] | ''): boolean => !who || subject === 'both' || subject === (who === 'person' ? '自然人' : '法人')
