// The engine's end of the conversation with the admin process: its process is started first, so that its
// modules load while the engine comes up; what it asks meanwhile is answered once calls are taken.
import type { AdminQuestion, AnswerTo } from './admin-answers.ts';
import type { AdminMessage, AdminStart, EngineFigures } from './admin-messages.ts';
import { AdminProcess } from './admin-process.ts';
import type { Log } from './log.ts';

export interface AdminLinkOptions {
  readonly start: AdminStart;
  readonly log: Log;
  /** The program; tests bring their own. */
  readonly path: string | undefined;
  readonly answerTo: AnswerTo;
  /** Asked for once calls are taken. */
  readonly figures: () => EngineFigures;
}

export class AdminLink {
  /** Resolves with the address when it listens for the first time. */
  readonly listens: Promise<string>;
  /** Of the last process that listened; what it was told to listen on until then. */
  url: string;
  readonly #options: AdminLinkOptions;
  readonly #process: AdminProcess;
  readonly #callsTaken: Promise<void>;
  #takeCalls: () => void = () => {};
  #areCallsTaken = false;
  #onListening: (url: string) => void = () => {};

  constructor(options: AdminLinkOptions) {
    const { start, log, path } = options;
    this.#options = options;
    this.url = start.listen;
    this.listens = new Promise((resolve) => {
      this.#onListening = resolve;
    });
    this.#callsTaken = new Promise((resolve) => {
      this.#takeCalls = resolve;
    });
    const onMessage = (message: AdminMessage): void => this.#hear(message);
    this.#process = new AdminProcess({ start, log, path, onMessage });
  }

  /** From here on there are figures, and questions are answered. */
  callsAreTaken(): void {
    this.#areCallsTaken = true;
    this.#takeCalls();
    this.tellFigures();
  }

  tellFigures(): void {
    if (!this.#areCallsTaken) return;
    this.#process.send({ kind: 'figures', figures: this.#options.figures() });
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  #hear(message: AdminMessage): void {
    if (message.kind === 'listening') {
      this.url = message.url;
      this.tellFigures();
      this.#onListening(message.url);
    } else {
      void this.#answer(message);
    }
  }

  async #answer(question: AdminQuestion): Promise<void> {
    const { id } = question;
    await this.#callsTaken;
    try {
      const result = await this.#options.answerTo(question);
      this.#process.send({ kind: 'answer', id, result });
    } catch (error) {
      this.#process.send({ kind: 'refusal', id, error: (error as Error).message });
    }
  }
}
