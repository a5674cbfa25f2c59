// The demo's callers: each customer places calls of every kind at a steady pace and counts what it saw.
import type { SipCall, Target } from '../peers/sip-call.ts';
import type { UserAgent } from '../peers/sip-user-agent.ts';
import {
  type CallKindName,
  callKindNames,
  endingOf,
  plainCountries,
  reroutedCountry,
} from './configuration.ts';

export interface KindCounts {
  placed: number;
  /** Ended as a call of this kind should. */
  asExpected: number;
  otherwise: number;
  /** Ended early because the demo stopped. */
  cutShort: number;
}

export interface Customers {
  readonly counts: Readonly<Record<CallKindName, KindCounts>>;
  /** Call-IDs of all calls placed. */
  readonly callIds: string[];
  /** Places no more calls, ends those that are up, and resolves when the last one has ended. */
  readonly stop: () => Promise<void>;
}

/** Out of ten calls of a customer. */
const mixture: readonly CallKindName[] = [
  'answered',
  'busy',
  'answered',
  'rerouted',
  'answered',
  'no answer',
  'answered',
  'rerouted',
  'cancelled',
  'answered',
];
const expectedStatus: Readonly<Record<CallKindName, number>> = {
  answered: 200,
  busy: 486,
  'no answer': 487,
  rerouted: 200,
  cancelled: 487,
};
const patienceMs: Readonly<Partial<Record<CallKindName, number>>> = {
  'no answer': 4000,
  cancelled: 400,
};
const talkMs = { least: 1500, most: 8000 };

export function runCustomers(
  agents: readonly UserAgent[],
  target: Target,
  callsPerSecond: number,
): Customers {
  const counts = Object.fromEntries(
    callKindNames.map((name) => [name, { placed: 0, asExpected: 0, otherwise: 0, cutShort: 0 }]),
  ) as Record<CallKindName, KindCounts>;
  const callIds: string[] = [];
  const up = new Set<SipCall>();
  let placed = 0;
  let stopping = false;

  const place = (): void => {
    const agent = agents[placed % agents.length]!;
    const kind = mixture[Math.floor(placed / agents.length) % mixture.length]!;
    const call = agent.place(target, {
      callee: numberFor(kind, placed),
      caller: `20055${placed % 1000}`,
    });
    placed++;
    counts[kind].placed++;
    callIds.push(call.callId);
    up.add(call);
    act(agent, call, kind);
    void outcome(call, kind).then((expected) => {
      up.delete(call);
      const early = stopping && !expected ? 'cutShort' : 'otherwise';
      counts[kind][expected ? 'asExpected' : early]++;
    });
  };
  const pace = setInterval(place, 1000 / callsPerSecond);

  const stop = async (): Promise<void> => {
    clearInterval(pace);
    stopping = true;
    await Promise.all([...up].map(endNow));
  };
  return { counts, callIds, stop };
}

function numberFor(kind: CallKindName, index: number): string {
  const country =
    kind === 'rerouted' ? reroutedCountry : plainCountries[index % plainCountries.length]!;
  return `${country}20${String(index % 100_000).padStart(5, '0')}${endingOf(kind)}`;
}

/** What the caller itself does: gives up after its patience, or hangs up after a talk. */
function act(agent: UserAgent, call: SipCall, kind: CallKindName): void {
  const wait = patienceMs[kind];
  if (wait === undefined) {
    void call.answered.then((status) => {
      if (status >= 300) return;
      agent.after(talkMs.least + Math.random() * (talkMs.most - talkMs.least), () => {
        if (!call.isOver) void call.hangUp();
      });
    });
  } else {
    void call.response(180).then(() =>
      agent.after(wait, () => {
        if (!call.isOver) call.cancel();
      }),
    );
  }
}

async function outcome(call: SipCall, kind: CallKindName): Promise<boolean> {
  const status = await call.answered;
  const end = await call.ended;
  return status === expectedStatus[kind] && end !== 'hung up by peer';
}

async function endNow(call: SipCall): Promise<void> {
  const answered = call.responses.some(({ status }) => status >= 200 && status < 300);
  if (!call.isOver && answered) await call.hangUp();
  else if (!call.isOver) {
    call.cancel();
    const status = await call.answered;
    // the answer crossed our CANCEL (RFC 3261 9.1)
    if (status < 300 && !call.isOver) await call.hangUp();
  }
  await call.ended;
}
