// The engine's end of the conversation with the admin process: what it serves it is told while the engine
// comes up; what it asks meanwhile is answered once calls are taken.
import type { AdminQuestion, AnswerTo } from './admin-answers.ts';
import type { AdminMessage, AdminStart, EngineFigures } from './admin-messages.ts';
import type { AdminProcess } from './admin-process.ts';
import type { Log } from './log.ts';

export interface AdminLinkOptions {
  readonly process: AdminProcess;
  readonly start: AdminStart;
  readonly log: Log;
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
  readonly #callsTaken: Promise<void>;
  #takeCalls: () => void = () => {};
  #areCallsTaken = false;
  #onListening: (url: string) => void = () => {};

  constructor(options: AdminLinkOptions) {
    const { start, log } = options;
    this.#options = options;
    this.url = start.listen;
    this.listens = new Promise((resolve) => {
      this.#onListening = resolve;
    });
    this.#callsTaken = new Promise((resolve) => {
      this.#takeCalls = resolve;
    });
    options.process.begin({ start, log, onMessage: (message) => this.#hear(message) });
  }

  /** From here on there are figures, and questions are answered. */
  callsAreTaken(): void {
    this.#areCallsTaken = true;
    this.#takeCalls();
    this.tellFigures();
  }

  tellFigures(): void {
    if (!this.#areCallsTaken) return;
    this.#options.process.send({ kind: 'figures', figures: this.#options.figures() });
  }

  stop(): Promise<void> {
    return this.#options.process.stop();
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
      this.#options.process.send({ kind: 'answer', id, result });
    } catch (error) {
      this.#options.process.send({ kind: 'refusal', id, error: (error as Error).message });
    }
  }
}
