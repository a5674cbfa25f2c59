// The main thread's side of the CDR writer: starts its thread, starts it again when it dies, asks it what
// accounts have, and moves balances by the payments that it hears of.
import { Worker } from 'node:worker_threads';
import type { UsageRules } from '../core/billing/fraud-usage.ts';
import type { RentState } from '../core/billing/package-items.ts';
import type { Usage } from '../core/cdr/cdr.ts';
import type { Parameters } from '../core/configuration/model.ts';
import type { AccountBook } from './account-book.ts';
import type { CdrStoreFigures, HandOffsFigures } from './admin-messages.ts';
import { defaultWriterParameters, writerParameters } from './cdr/row-rules.ts';
import type {
  CdrWriterStart,
  FromCdrWriter,
  HeardPayment,
  ToCdrWriter,
} from './cdr/writer-messages.ts';
import { cdrWriterLimits } from './garbage-collection.ts';
import type { HandOffSettings } from './hand-off/hand-offs.ts';
import type { LedgerSettings } from './ledger/open-ledger.ts';
import type { MinimumDue, RentDue } from './ledger/package-due.ts';
import { PaymentWatch } from './ledger/payment-watch.ts';
import type { Log } from './log.ts';
import type { OpeningBalances, OpeningUsages } from './opening-balances.ts';
import type { DueCharges } from './package-dues.ts';
import type { LogLevel, Settings } from './settings.ts';

const restartMsMin = 200;
const restartMsMax = 10_000;
/** Longer than the thread itself takes to give up. */
const stopMs = 12_000;

export interface CdrWriterHostOptions {
  readonly ledger: LedgerSettings;
  readonly handOff: HandOffSettings;
  readonly logLevel: LogLevel;
  readonly log: Log;
  readonly onPayment: (payment: HeardPayment) => void;
}

type Question = Extract<ToCdrWriter, { id: number }>;
type QuestionWithoutId = Question extends infer Each
  ? Each extends Question
    ? Omit<Each, 'id'>
    : never
  : never;
type Answer = Extract<FromCdrWriter, { id: number }>;

interface Waiter {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** For the accounts of a node. */
export function startCdrWriter(
  { dataDir, mysqlUrl, logLevel, cdrFilesDir, cdrPush }: Settings,
  log: Log,
  accounts: Pick<AccountBook, 'slotOf' | 'pay'>,
): CdrWriterHost {
  return new CdrWriterHost({
    ledger: { dataDir, mysqlUrl },
    handOff: { filesDirectory: cdrFilesDir, push: cdrPush },
    logLevel,
    log,
    onPayment: ({ account, units }) => {
      // Of an account that this node does not have: its balance is read when it gets it.
      if (accounts.slotOf(account) !== undefined) accounts.pay({ account, units });
    },
  });
}

export class CdrWriterHost implements OpeningBalances, OpeningUsages, DueCharges {
  readonly #options: CdrWriterHostOptions;
  readonly #watch = new PaymentWatch();
  readonly #waiting = new Map<number, Waiter>();
  #thread: Worker | undefined;
  readonly #startedAt = Date.now();
  #figures: CdrStoreFigures | undefined;
  #handOffs: HandOffsFigures = { files: null, push: null };
  #parameters = defaultWriterParameters;
  #parametersAt = 0;
  #usage: UsageRules | null = null;
  readonly #accounts = new Set<string>();
  #lastId = 0;
  /** Balances were handed out: payments from here on are told. */
  #opened = false;
  #restartMs = restartMsMin;
  #restartTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: CdrWriterHostOptions) {
    this.#options = options;
    this.#start();
  }

  /** Undefined until the thread has told any. */
  figures(): CdrStoreFigures | undefined {
    return this.#figures;
  }

  handOffs(): HandOffsFigures {
    return this.#handOffs;
  }

  setParameters(parameters: Parameters): void {
    this.#parameters = writerParameters(parameters);
    this.#parametersAt = Date.now();
    this.#thread?.postMessage({
      kind: 'parameters',
      parameters: this.#parameters,
      at: this.#parametersAt,
    } satisfies ToCdrWriter);
  }

  async balancesOf(
    accounts: readonly { name: string; opening: bigint }[],
  ): Promise<readonly bigint[]> {
    for (const { name } of accounts) this.#accounts.add(name);
    const answer = await this.#ask({
      kind: 'balances',
      accounts: accounts.map(({ name, opening }) => ({ name, units: opening, expiresAt: null })),
    });
    if (answer.kind !== 'balances') throw new Error(`unexpected answer: ${answer.kind}`);
    return answer.balances;
  }

  async usagesOf(rules: UsageRules): Promise<readonly Usage[]> {
    const answer = await this.#ask({ kind: 'usages', rules });
    if (answer.kind !== 'usages') throw new Error(`unexpected answer: ${answer.kind}`);
    this.#usage = rules;
    return answer.usages;
  }

  /** Resolves once the payments stored until now have moved their balances. */
  async lookForPayments(): Promise<void> {
    await this.#ask({ kind: 'lookForPayments' });
  }

  chargeRent(due: RentDue): Promise<RentState> {
    return this.#charge({ kind: 'chargeRent', due }) as Promise<RentState>;
  }

  chargeMinimum(due: MinimumDue): Promise<RentState | 'later'> {
    return this.#charge({ kind: 'chargeMinimum', due });
  }

  async #charge(question: QuestionWithoutId): Promise<RentState | 'later'> {
    const answer = await this.#ask(question);
    if (answer.kind !== 'charged') throw new Error(`unexpected answer: ${answer.kind}`);
    return answer.state;
  }

  /** Ships what is left in the log, for a few seconds at most. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const thread = this.#thread;
    if (thread === undefined) return;
    const gone = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    const timer = setTimeout(() => void thread.terminate(), stopMs);
    thread.postMessage({ kind: 'stop' } satisfies ToCdrWriter);
    await gone;
    clearTimeout(timer);
  }

  #start(): void {
    const { ledger, handOff, logLevel, log } = this.#options;
    const workerData: CdrWriterStart = {
      ledger,
      handOff,
      logLevel,
      startedAt: this.#startedAt,
      parameters: this.#parameters,
      parametersAt: this.#parametersAt,
      usage: this.#usage,
      accounts: [...this.#accounts],
      paymentsHeard: this.#opened ? this.#watch.highest : -1,
    };
    const thread = new Worker(new URL('./cdr/cdr-writer-thread.js', import.meta.url), {
      workerData,
      resourceLimits: cdrWriterLimits,
    });
    this.#thread = thread;
    thread.on('message', (message: FromCdrWriter) => this.#onMessage(message));
    thread.on('error', (error) => log.error({ err: error }, 'CDR writer'));
    thread.once('exit', (code) => this.#onExit(code));
  }

  #onMessage(message: FromCdrWriter): void {
    switch (message.kind) {
      case 'figures':
        this.#figures = message.figures;
        this.#handOffs = message.handOffs;
        this.#restartMs = restartMsMin;
        return;
      case 'payments':
        this.#hear(message.payments);
        return;
      case 'balances':
        // Of the accounts that are open already these payments are not part yet.
        this.#hear(message.payments);
        this.#opened = true;
        break;
      case 'usages':
      case 'looked':
      case 'charged':
      case 'failed':
        break;
    }
    const waiter = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'failed') waiter?.reject(new Error(message.reason));
    else waiter?.resolve(message);
  }

  #hear(payments: readonly HeardPayment[]): void {
    const unseen = this.#watch.unseen(payments);
    if (this.#opened) for (const payment of unseen) this.#options.onPayment(payment);
  }

  #onExit(code: number): void {
    this.#thread = undefined;
    for (const waiter of this.#waiting.values()) {
      waiter.reject(new Error('the CDR writer has ended; the log says why'));
    }
    this.#waiting.clear();
    if (this.#stopping) return;
    const restartMs = this.#restartMs;
    this.#restartMs = Math.min(restartMsMax, restartMs * 2);
    this.#options.log.error({ code, restartMs }, 'CDR writer ended; it is started again');
    this.#restartTimer = setTimeout(() => this.#start(), restartMs);
  }

  #ask(question: QuestionWithoutId): Promise<Answer> {
    const thread = this.#thread;
    if (thread === undefined) return Promise.reject(new Error('the CDR writer is starting again'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      thread.postMessage({ ...question, id } as ToCdrWriter);
    });
  }
}
