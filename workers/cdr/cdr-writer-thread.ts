// Entry of the CDR writer's thread, at background priority: ships the log into the ledger and hands it off to
// other systems, tells the main thread of payments and figures, answers what accounts have. It waits for the
// store, never a call for it.
import { setTimeout as pause } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { UsageRules } from '../../core/billing/fraud-usage.ts';
import { RentState } from '../../core/billing/package-items.ts';
import { lowerThreadPriority } from '../background-priority.ts';
import { HandOffs } from '../hand-off/hand-offs.ts';
import {
  LedgerAway,
  type LedgerStore,
  type Payment,
  PaymentRefused,
  type RejectedRecord,
} from '../ledger/ledger-store.ts';
import { leftBehind } from '../ledger/left-behind.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import { PaymentWatch } from '../ledger/payment-watch.ts';
import { Standings } from '../ledger/standing-balances.ts';
import { createLineLimit, type Log, openLog } from '../log.ts';
import { CdrWriter } from './cdr-writer.ts';
import type { WriterParameters } from './row-rules.ts';
import type {
  CdrWriterStart,
  FromCdrWriter,
  HeardPayment,
  ToCdrWriter,
} from './writer-messages.ts';

/** Records of so long make one batch where nothing is behind: a commit costs the same for one as for many. */
const gatherMs = 200;
/** Looks without a record, after which the next ones come once in `quietMs`: an idle node stays idle. */
const quietLooks = 10;
const quietMs = 1000;
const paymentPollMs = 1000;
const figuresMs = 1000;
const removeOldMs = 60_000;
/** Well within the time for which segments are kept at least: a kept standing needs all behind it. */
const keepMs = 10_000;
/** A record that waits for longer is behind. */
const behindMs = 60_000;
/** After the store was away, growing. */
const retryMsMin = 200;
const retryMsMax = 2000;
/** At the end: what is not stored by then is stored by the next start. */
const stopMs = 5_000;
const rejectedLinesPerSecond = 2;

interface WriterParts {
  readonly start: CdrWriterStart;
  readonly port: MessagePort;
  readonly log: Log;
  readonly store: LedgerStore;
  readonly handOffs: HandOffs;
}

type Request = Extract<ToCdrWriter, { id: number }>;

class WriterThread {
  readonly #port: MessagePort;
  readonly #log: Log;
  readonly #store: LedgerStore;
  readonly #dataDir: string;
  readonly #writer: CdrWriter;
  readonly #handOffs: HandOffs;
  readonly #standings: Standings;
  readonly #payments: PaymentWatch;
  readonly #requests: Request[] = [];
  #parameters: WriterParameters;
  /** False until those of the configuration in force are known: no row is stored by the defaults. */
  #hasParameters: boolean;
  #usage: UsageRules | null;
  /** The main thread has balances, and wants to hear of payments. */
  #opened: boolean;
  /** The end of the log was reached once. */
  #caughtUp = false;
  #stopping = false;
  #wake = new AbortController();
  #retryMs = retryMsMin;
  #idleLooks = 0;
  #dueMs = { payments: 0, removeOld: 0, keep: 0 };
  #warned = '';

  constructor({ start, port, log, store, handOffs }: WriterParts) {
    this.#port = port;
    this.#log = log;
    this.#store = store;
    this.#dataDir = start.ledger.dataDir;
    this.#parameters = start.parameters;
    this.#hasParameters = start.parametersAt > 0;
    this.#usage = start.usage;
    this.#opened = start.paymentsHeard >= 0;
    this.#payments = new PaymentWatch(Math.max(0, start.paymentsHeard));
    this.#standings = new Standings(store, start.ledger.dataDir, start.accounts);
    this.#handOffs = handOffs;
    const lines = createLineLimit(rejectedLinesPerSecond);
    this.#writer = new CdrWriter({
      directory: start.ledger.dataDir,
      store,
      parameters: () => this.#parameters,
      readers: this.#handOffs.readers(),
      usage: () => this.#usage!,
      onRejected: ({ logId, reason }: RejectedRecord) => {
        if (!lines.allow(performance.now())) return;
        const heldBack = lines.takeHeldBack();
        log.error({ logId, reason, heldBack }, 'a CDR is no row of the tables; it is set aside');
      },
    });
    port.on('message', (message: ToCdrWriter) => this.#onMessage(message));
  }

  async run(): Promise<void> {
    // By a timer of its own: a store that hangs must show.
    const telling = setInterval(() => this.#tellFigures(), figuresMs);
    while (!this.#stopping) {
      this.#wake = new AbortController();
      await this.#turn();
    }
    clearInterval(telling);
    await this.#end();
  }

  #onMessage(message: ToCdrWriter): void {
    if (message.kind === 'parameters') {
      this.#parameters = message.parameters;
      this.#hasParameters = true;
      this.#handOffs.setParameters(message);
    } else if (message.kind === 'stop') this.#stopping = true;
    else this.#requests.push(message);
    this.#wake.abort();
  }

  async #turn(): Promise<void> {
    let went: 'idle' | 'more' | 'away' = 'away';
    const shipped = this.#writer.shippedRecords();
    try {
      for (let request = this.#requests.shift(); request; request = this.#requests.shift()) {
        await this.#answer(request);
      }
      if (this.#mayStore()) {
        went = await this.#writer.step();
        this.#caughtUp ||= went === 'idle';
      } else went = 'idle';
      await this.#lookAround();
      if (this.#retryMs > retryMsMin) this.#log.info('the CDR store is back');
      this.#retryMs = retryMsMin;
    } catch (error) {
      const known = error instanceof LedgerAway;
      if (this.#retryMs === retryMsMin) {
        this.#log.error(
          known ? { reason: error.message } : { err: error },
          'the CDR store is away',
        );
      }
      this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2);
    }
    if (went === 'more') return;
    this.#idleLooks = shipped === this.#writer.shippedRecords() ? this.#idleLooks + 1 : 0;
    const intervalMs = this.#parameters.SS_CDR_FILE_WRITE_INTERVAL * 1000;
    const idleMs = this.#idleLooks < quietLooks ? gatherMs : quietMs;
    const waitMs = went === 'idle' ? Math.min(idleMs, intervalMs) : this.#retryMs;
    await pause(waitMs, undefined, { signal: this.#wake.signal }).catch(() => {});
  }

  /** By what a CDR counts and whether it is listed is known. */
  #mayStore(): boolean {
    return this.#usage !== null && this.#hasParameters;
  }

  /** What is done now and then. */
  async #lookAround(): Promise<void> {
    const nowMs = performance.now();
    if (this.#opened && nowMs >= this.#dueMs.payments) {
      this.#dueMs.payments = nowMs + paymentPollMs;
      await this.#lookForPayments();
    }
    // Rules are asked for behind the balances: a node without accounts has the one and never the other.
    if (this.#usage !== null && nowMs >= this.#dueMs.keep) {
      this.#dueMs.keep = nowMs + keepMs;
      await this.#standings.keep(Date.now());
    }
    if (nowMs >= this.#dueMs.removeOld) {
      this.#dueMs.removeOld = nowMs + removeOldMs;
      await this.#writer.removeOld(Date.now());
    }
  }

  #tellFigures(): void {
    const figures = this.#writer.figures(Date.now());
    if (figures.warning !== '' && figures.warning !== this.#warned) {
      this.#log.warn(figures.warning);
    }
    this.#warned = figures.warning;
    this.#post({ kind: 'figures', figures, handOffs: this.#handOffs.figures(Date.now()) });
  }

  async #answer(request: Request): Promise<void> {
    const { id } = request;
    try {
      if (request.kind === 'lookForPayments') {
        await this.#lookForPayments();
        this.#post({ kind: 'looked', id });
        return;
      }
      if (request.kind === 'usages') {
        await this.#answerUsages(request);
        return;
      }
      if (request.kind === 'chargeRent' || request.kind === 'chargeMinimum') {
        await this.#answerDue(request);
        return;
      }
      const { accounts } = request;
      if (!this.#opened) await this.#sayWhatIsLeftBehind(accounts.map(({ name }) => name));
      const standing = await this.#standings.balancesOf({ accounts, at: Date.now() });
      if (standing.isKept) this.#log.warn('the ledger is away: accounts have what they had last');
      this.#payments.unseen(standing.payments);
      this.#opened = true;
      const payments = standing.payments.map(heardPayment).filter(isHeard);
      this.#post({ kind: 'balances', id, balances: standing.balances, payments });
    } catch (error) {
      this.#post({ kind: 'failed', id, reason: (error as Error).message });
      // The store is there, and has said no.
      if (!(error instanceof PaymentRefused)) throw error;
    }
  }

  async #sayWhatIsLeftBehind(accounts: readonly string[]): Promise<void> {
    const account = await leftBehind(this.#store, this.#dataDir, accounts);
    if (account === undefined) return;
    this.#log.error({ account }, 'the embedded ledger has payments or calls that MySQL lacks');
  }

  async #answerUsages({ id, rules }: Extract<Request, { kind: 'usages' }>): Promise<void> {
    const usages = await this.#standings.usagesOf(rules, Date.now());
    this.#usage = rules;
    this.#post({ kind: 'usages', id, usages });
  }

  /** A minimum waits until the log has been shipped, and is shipped as it is written: what calls of the period have
   *  cost is in the ledger then. */
  async #answerDue(
    request: Extract<Request, { kind: 'chargeRent' | 'chargeMinimum' }>,
  ): Promise<void> {
    const { id } = request;
    if (request.kind === 'chargeMinimum') {
      const { oldestMs } = this.#writer.figures(Date.now()).queue;
      if (!this.#caughtUp || oldestMs > behindMs) {
        this.#post({ kind: 'charged', id, state: 'later' });
        return;
      }
    }
    const { state, payment } =
      request.kind === 'chargeRent'
        ? await this.#store.chargeRent(request.due)
        : await this.#store.chargeMinimum(request.due);
    if (payment !== undefined) this.#tellPayments([payment]);
    // By another node, or by us before an answer got lost.
    else if (state === RentState.paid) await this.#lookForPayments();
    this.#post({ kind: 'charged', id, state });
  }

  async #lookForPayments(): Promise<void> {
    this.#tellPayments(await this.#store.recentPayments(this.#payments.after));
  }

  #tellPayments(payments: readonly Payment[]): void {
    const unseen = this.#payments.unseen(payments).map(heardPayment).filter(isHeard);
    if (unseen.length > 0) this.#post({ kind: 'payments', payments: unseen });
  }

  /** The call workers have closed their logs: all of it is shipped, if the store is there. */
  async #end(): Promise<void> {
    const late = pause(stopMs, undefined, { ref: false });
    const drained = this.#mayStore() ? this.#writer.drain().catch(() => {}) : undefined;
    await Promise.all([Promise.race([drained, late]), this.#handOffs.stop(late)]);
    this.#tellFigures();
    this.#writer.close();
    await Promise.race([this.#store.close().catch(() => {}), late]);
    this.#port.close();
  }

  #post(message: FromCdrWriter): void {
    this.#port.postMessage(message);
  }
}

type Told = HeardPayment & Partial<Pick<Payment, 'kind'>>;

function heardPayment({ number, account, units, kind }: Told): Told {
  return { number, account, units, ...(kind === undefined ? {} : { kind }) };
}

/** An opening payment is what an account begins with on every node. */
function isHeard({ kind }: Told): boolean {
  return kind !== 'opening';
}

const start = workerData as CdrWriterStart;
lowerThreadPriority();
const output = openLog(start.logLevel, { thread: 'cdr-writer' });
const store = await openLedger(start.ledger, (reason) => output.log.warn(reason));
const handOffs = await HandOffs.open({ ...start, dataDir: start.ledger.dataDir, log: output.log });
await new WriterThread({ start, port: parentPort!, log: output.log, store, handOffs }).run();
output.flush();
