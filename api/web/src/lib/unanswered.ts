/**
 * What went out under which idempotency key and had no answer. Nobody knows
 * whether it was recorded: the same may go out again under its key, but
 * something else may not, for the node could take it for the same.
 */
export class Unanswered {
  private readonly sent = new Map<string, string>()
  private readonly twice = new Set<string>()

  /** Whether something else went out under this key, of which it is not known what became. */
  differs(key: string, what: string): boolean {
    const before = this.sent.get(key)
    return before !== undefined && before !== what
  }

  send(key: string, what: string): void {
    if (this.sent.has(key)) this.twice.add(key)
    this.sent.set(key, what)
  }

  /** It is known what became of it: done, or refused. */
  answered(key: string): void {
    this.sent.delete(key)
    this.twice.delete(key)
  }

  /** It was turned away at the door: what went out before it may have been recorded all the same. */
  turnedAway(key: string): void {
    if (!this.twice.has(key)) this.sent.delete(key)
  }
}
