// How a command ends other than well: the sentence for the operator, and the exit code.

/** 1: refused or failed while it ran. 2: used wrongly, or a bad file. */
export type FailureCode = 1 | 2;

export class CommandFailed extends Error {
  readonly exitCode: FailureCode;

  constructor(exitCode: FailureCode, message: string) {
    super(message);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
  }
}
