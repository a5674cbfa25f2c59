// The closed set of questions that the admin process asks the engine, each with who knows its answer.
import type { AccountBook } from './account-book.ts';
import type { AdminMessage } from './admin-messages.ts';
import type { ConfigurationActivation } from './configuration-activation.ts';
import type { ListedNumbersBook } from './listed-numbers.ts';

export type AdminQuestion = Exclude<AdminMessage, { kind: 'listening' }>;

export interface AnswerParts {
  readonly activate: (version: number) => Promise<unknown>;
  readonly activation: ConfigurationActivation;
  readonly accounts: AccountBook;
  readonly listed: ListedNumbersBook;
  /** Resolves when payments that are stored count. */
  readonly lookForPayments: () => Promise<void>;
}

/** Throws where it cannot be answered; the message is for the person who asked. */
export type AnswerTo = (question: AdminQuestion) => Promise<unknown>;

export function createAnswers(parts: AnswerParts): AnswerTo {
  const { activate, activation, accounts, listed, lookForPayments } = parts;
  return async (question) => {
    switch (question.kind) {
      case 'prepare':
        return activation.prepare(question.version);
      case 'activate':
        return activate(question.version);
      case 'analyze':
        return activation.analyze(question.request);
      case 'quote':
        return activation.quote(question.request);
      case 'listed':
        return listed.read(question.limit);
      case 'unlist':
        return listed.clear(question.request);
      case 'balance':
        return accounts.balanceOf(question.account);
      case 'payment':
        await lookForPayments();
        return accounts.balanceOf(question.account);
    }
  };
}
