// The admin process's end of the IPC channel to the engine: keeps the latest figures, and asks the
// closed set of questions of workers/admin-messages.ts, each of which ends in an answer, a refusal or a
// time-out.
import type {
  AccountBalance,
  AdminMessage,
  AdminStart,
  AnalyzeRequest,
  EngineFigures,
  EngineMessage,
  ListedNumbers,
  QuoteRequest,
  UnlistRequest,
} from '../workers/admin-messages.ts';

/** The part of `process` that a forked child talks through; a test brings its own. */
export interface EnginePort {
  send(message: AdminMessage): void;
  onMessage(receive: (message: EngineMessage) => void): void;
  onDisconnect(gone: () => void): void;
}

export interface Activation {
  version: number;
  compileMs: number;
  swapPauseMs: number;
}

export interface EngineChannel {
  /** Resolves once the engine has said what to serve. */
  readonly started: Promise<AdminStart>;
  /** The latest figures, and when they came; undefined until the first have. */
  latest(): { figures: EngineFigures; receivedAt: number } | undefined;
  onFigures(receive: (figures: EngineFigures) => void): void;
  /** The engine asked us to stop, or is gone. */
  onStop(stop: () => void): void;
  listening(url: string): void;
  /** Compiles the version, and sees whether `activate` can take it; nothing in force changes.
   *  @throws EngineRefused, EngineSilent */
  prepare(version: number): Promise<unknown>;
  /** @throws EngineRefused, EngineSilent */
  activate(version: number): Promise<Activation>;
  /** @throws EngineRefused, EngineSilent */
  analyze(request: AnalyzeRequest): Promise<unknown>;
  /** @throws EngineRefused, EngineSilent */
  quote(request: QuoteRequest): Promise<unknown>;
  /** What stands on the dynamic black lists. @throws EngineRefused, EngineSilent */
  listed(limit: number): Promise<ListedNumbers>;
  /** @throws EngineRefused, EngineSilent */
  unlist(request: UnlistRequest): Promise<{ cleared: number }>;
  /** @throws EngineRefused, EngineSilent */
  balance(account: string): Promise<AccountBalance>;
  /** Moves the balance of an account by a payment that is stored.
   *  @throws EngineRefused, EngineSilent */
  payment(account: string): Promise<AccountBalance>;
}

/** The engine answered, with a no. */
export class EngineRefused extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'EngineRefused';
  }
}

/** The engine did not answer in time, or is gone: what it did is not known. */
export class EngineSilent extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'EngineSilent';
  }
}

/** A million prefixes compile in a few seconds; a loaded box may need ten times that. */
export const activateTimeoutMs = 60_000;
const analyzeTimeoutMs = 5_000;
/** A version that is not in force is compiled first, behind all else. */
const analyzeVersionTimeoutMs = activateTimeoutMs;
/** Questions under way at once. */
const pendingMax = 64;

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export function openEngineChannel(port: EnginePort, now: () => number = Date.now): EngineChannel {
  const pending = new Map<number, Pending>();
  const figuresReceivers: ((figures: EngineFigures) => void)[] = [];
  const stops: (() => void)[] = [];
  let latest: { figures: EngineFigures; receivedAt: number } | undefined;
  let lastId = 0;
  let onStart: (start: AdminStart) => void = () => {};

  const settle = (id: number, settleOne: (one: Pending) => void): void => {
    const one = pending.get(id);
    // An answer that comes after its time-out has nobody waiting.
    if (one === undefined) return;
    pending.delete(id);
    clearTimeout(one.timer);
    settleOne(one);
  };
  const stop = (): void => {
    for (const id of [...pending.keys()]) {
      settle(id, (one) => one.reject(new EngineSilent('the engine is stopping')));
    }
    for (const each of stops) each();
  };

  port.onMessage((message) => {
    switch (message.kind) {
      case 'start':
        onStart(message.start);
        break;
      case 'figures':
        latest = { figures: message.figures, receivedAt: now() };
        for (const receive of figuresReceivers) receive(message.figures);
        break;
      case 'answer':
        settle(message.id, (one) => one.resolve(message.result));
        break;
      case 'refusal':
        settle(message.id, (one) => one.reject(new EngineRefused(message.error)));
        break;
      case 'stop':
        stop();
        break;
    }
  });
  port.onDisconnect(stop);

  const ask: Ask = (timeoutMs, question) =>
    new Promise((resolve, reject) => {
      if (pending.size >= pendingMax) {
        reject(new EngineSilent(`${pendingMax} questions to the engine are under way already`));
        return;
      }
      const id = ++lastId;
      const timer = setTimeout(() => {
        settle(id, (one) =>
          one.reject(new EngineSilent(`the engine gave no answer for ${timeoutMs / 1000} s`)),
        );
      }, timeoutMs);
      pending.set(id, { resolve, reject, timer });
      port.send(question(id));
    });

  return {
    started: new Promise((resolve) => {
      onStart = resolve;
    }),
    latest: () => latest,
    onFigures: (receive) => figuresReceivers.push(receive),
    onStop: (each) => stops.push(each),
    listening: (url) => port.send({ kind: 'listening', url }),
    ...questionsOf(ask),
  };
}

type Ask = (timeoutMs: number, question: (id: number) => AdminMessage) => Promise<unknown>;

function questionsOf(
  ask: Ask,
): Pick<
  EngineChannel,
  'prepare' | 'activate' | 'analyze' | 'quote' | 'listed' | 'unlist' | 'balance' | 'payment'
> {
  return {
    prepare: (version) => ask(activateTimeoutMs, (id) => ({ kind: 'prepare', id, version })),
    activate: (version) =>
      ask(activateTimeoutMs, (id) => ({ kind: 'activate', id, version })) as Promise<Activation>,
    analyze: (request) =>
      ask(request.version === undefined ? analyzeTimeoutMs : analyzeVersionTimeoutMs, (id) => ({
        kind: 'analyze',
        id,
        request,
      })),
    quote: (request) => ask(analyzeTimeoutMs, (id) => ({ kind: 'quote', id, request })),
    listed: (limit) =>
      ask(analyzeTimeoutMs, (id) => ({ kind: 'listed', id, limit })) as Promise<ListedNumbers>,
    unlist: (request) =>
      ask(analyzeTimeoutMs, (id) => ({ kind: 'unlist', id, request })) as Promise<{
        cleared: number;
      }>,
    balance: (account) =>
      ask(analyzeTimeoutMs, (id) => ({ kind: 'balance', id, account })) as Promise<AccountBalance>,
    payment: (account) =>
      ask(analyzeTimeoutMs, (id) => ({ kind: 'payment', id, account })) as Promise<AccountBalance>,
  };
}

/** The port of a forked process. Messages of a parent that is gone are dropped; `onDisconnect` follows. */
export function processPort(): EnginePort {
  return {
    send: (message) => {
      if (process.connected) process.send!(message, undefined, undefined, () => {});
    },
    onMessage: (receive) => process.on('message', (message) => receive(message as EngineMessage)),
    onDisconnect: (gone) => process.once('disconnect', gone),
  };
}
