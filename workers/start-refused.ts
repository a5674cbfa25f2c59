// By itself, as most commands need it and no settings: those bring the schema library and YAML with them.

/** A start that cannot succeed until somebody changes something: exit code 2. */
export class StartRefused extends Error {
  readonly exitCode = 2;
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'StartRefused';
    this.code = code;
  }
}
