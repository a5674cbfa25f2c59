/** The other system did not take what it was given, and may have said when to try again. */
export class HandOffFailed extends Error {
  /** At the earliest; 0: not said. */
  readonly retryAfterMs: number;

  constructor(reason: string, retryAfterMs: number) {
    super(reason);
    this.name = 'HandOffFailed';
    this.retryAfterMs = retryAfterMs;
  }
}
