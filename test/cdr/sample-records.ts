// CDRs and answer records for tests: one of ordinary content, and any of the right shape.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { type Charged, nothingCharged } from '../../core/cdr/billing-values.ts';
import type {
  AgentFee,
  AnswerRecord,
  CallTerms,
  Cdr,
  CdrAttempt,
  DialogRecord,
  PartyTerms,
  Usage,
} from '../../core/cdr/cdr.ts';

// One listener a directory.
process.setMaxListeners(0);

export const sampleWallMs = 1_790_000_000_000;
/** Its day, in UTC. */
export const sampleDay = 20_260_921;

/** Gone when the test process ends. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tandem-cdr-'));
  process.once('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function sampleCdr(id: string, changes: Partial<Cdr> = {}): Cdr {
  return {
    id,
    callId: `${id}@192.0.2.10`,
    node: 'edge-1',
    startedAt: sampleWallMs,
    ringingAt: sampleWallMs + 180,
    answeredAt: sampleWallMs + 4_000,
    endedAt: sampleWallMs + 64_000,
    holdTimeMs: 60_000,
    pddMs: 180,
    mappingGateway: 'acme-in',
    routingGateway: 'carrier-a',
    calleeCallId: `b-${id}`,
    attempts: [
      {
        gateway: 'carrier-a',
        callId: `b-${id}`,
        sipCode: 200,
        endReason: 'Normal release',
        startedAt: sampleWallMs + 1,
        tookMs: 3_999,
      },
    ],
    callerAccess: '4420123456',
    calleeAccess: '442079460000',
    callerOut: '4420123456',
    calleeOut: '00442079460000',
    ...nothingCharged,
    account: 'acme',
    clearingAccount: 'carrier-a',
    configurationVersion: 7,
    endReason: 'Normal release',
    endedBy: 'caller',
    sipCode: 200,
    callerAddress: '192.0.2.10:5060',
    calleeAddress: '198.51.100.7:5060',
    ...changes,
  };
}

/** What a billed call adds to its CDR. */
export const sampleCharges: Partial<Cdr> = {
  calleeBilling: '442079460000',
  ratePrefix: '44',
  billedSeconds: 66,
  fee: 1_320_000n,
  clearingBilledSeconds: 60,
  cost: 900_000n,
  tax: 0n,
  agentFees: [{ account: 'north', fee: 1_100_000n, giftFee: 0n, billedSeconds: 60 }],
  billedParty: 'caller',
};

/** A call that failed before any answer. */
export function failedCdr(id: string, endedAt: number = sampleWallMs + 900): Cdr {
  return sampleCdr(id, {
    answeredAt: null,
    ringingAt: null,
    pddMs: null,
    endedAt,
    holdTimeMs: 0,
    endReason: 'Busy',
    endedBy: 'callee',
    sipCode: 486,
  });
}

/** The answer of a call as the log gets it: what comes later is not known yet. */
export function sampleAnswer(id: string, answeredAt: number = sampleWallMs + 4_000): AnswerRecord {
  return {
    cdr: sampleCdr(id, { answeredAt, endedAt: 0, holdTimeMs: 0, endReason: '', sipCode: 0 }),
    caller: sampleDialog('192.0.2.10', id),
    callee: sampleDialog('198.51.100.7', `b-${id}`),
    terms: null,
  };
}

/** One that is charged `sampleCharges`. */
export function billedAnswer(id: string, answeredAt?: number): AnswerRecord {
  const answer = sampleAnswer(id, answeredAt);
  return { ...answer, cdr: { ...answer.cdr, ...sampleCharges } };
}

export function endOf(answer: AnswerRecord, endedAt: number): Cdr {
  const answeredAt = answer.cdr.answeredAt!;
  return {
    ...answer.cdr,
    endedAt,
    holdTimeMs: endedAt - answeredAt,
    endReason: 'Normal release',
    sipCode: 200,
  };
}

function sampleDialog(address: string, callId: string): DialogRecord {
  return {
    transport: 0,
    listener: 0,
    address,
    port: 5060,
    callId,
    local: '<sip:442079460000@203.0.113.1>;tag=8f1d2c3b',
    remote: '"Acme" <sip:4420123456@192.0.2.10>;tag=77aa55',
    remoteTarget: `sip:4420123456@${address}:5060`,
    routes: `Route: <sip:${address};lr>\r\n`,
    localSeq: 1,
  };
}

/** One char a byte, as the core keeps what peers sent. */
const byteString: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 90 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));
const name: fc.Arbitrary<string> = fc.string({ unit: 'grapheme', maxLength: 20 });
const wallMs: fc.Arbitrary<number> = fc.integer({ min: 0, max: 4_102_444_800_000 });
const orNull = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });

/** Of the prototype that the engine's own objects have. */
function record<T>(model: { [field in keyof T]: fc.Arbitrary<T[field]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const anyAttempt: fc.Arbitrary<CdrAttempt> = record({
  gateway: name,
  callId: byteString,
  sipCode: fc.integer({ min: 0, max: 699 }),
  endReason: name,
  startedAt: wallMs,
  tookMs: fc.nat(),
});

const anyMoney = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const anyFee: fc.Arbitrary<AgentFee> = record({
  account: name,
  fee: anyMoney,
  giftFee: fc.oneof(fc.constant(0n), anyMoney),
  billedSeconds: fc.nat(),
});

/** Seconds come before money in a record. */
const anyPackageUses: fc.Arbitrary<Usage[] | undefined> = fc
  .tuple(
    fc.array(record({ account: name, item: name, day: fc.nat(), seconds: fc.nat() }), {
      maxLength: 3,
    }),
    fc.array(record({ account: name, item: name, day: fc.nat(), money: anyMoney }), {
      maxLength: 3,
    }),
  )
  .map(([ofSeconds, ofMoney]) => {
    const uses = [
      ...ofSeconds.map((use) => ({ ...use, seconds: use.seconds + 1, money: 0n })),
      ...ofMoney.filter(({ money }) => money !== 0n).map((use) => ({ ...use, seconds: 0 })),
    ];
    return uses.length === 0 ? undefined : uses;
  });

/** Billed or not. */
const anyCharges: fc.Arbitrary<Charged> = fc.oneof(
  fc.constant(nothingCharged),
  fc.tuple(anyBilled(), anyPackageUses).map(([billed, packageUses]) => ({
    ...billed,
    ...(packageUses === undefined ? {} : { packageUses }),
  })),
);

function anyBilled(): fc.Arbitrary<Omit<Charged, 'packageUses'>> {
  return record<Omit<Charged, 'packageUses'>>({
    calleeBilling: byteString,
    ratePrefix: orNull(byteString),
    billedSeconds: orNull(fc.nat()),
    fee: orNull(anyMoney),
    clearingBilledSeconds: orNull(fc.nat()),
    cost: orNull(anyMoney),
    tax: orNull(anyMoney),
    packageSeconds: fc.nat(),
    giftFee: fc.oneof(fc.constant(0n), anyMoney),
    agentFees: fc.array(anyFee, { maxLength: 8 }),
    billedParty: fc.constantFrom('caller', 'callee', 'external', null),
  });
}

const anyPlainCdr: fc.Arbitrary<Omit<Cdr, keyof Charged>> = record({
  id: name,
  callId: byteString,
  node: name,
  startedAt: wallMs,
  ringingAt: orNull(wallMs),
  answeredAt: orNull(wallMs),
  endedAt: wallMs,
  holdTimeMs: fc.nat(),
  pddMs: orNull(fc.nat()),
  mappingGateway: name,
  routingGateway: orNull(name),
  calleeCallId: orNull(byteString),
  attempts: fc.array(anyAttempt, { maxLength: 5 }),
  callerAccess: byteString,
  calleeAccess: byteString,
  callerOut: orNull(byteString),
  calleeOut: orNull(byteString),
  account: orNull(name),
  clearingAccount: orNull(name),
  configurationVersion: fc.nat(),
  endReason: name,
  endedBy: fc.constantFrom('caller', 'callee', 'server'),
  sipCode: fc.integer({ min: 0, max: 699 }),
  callerAddress: byteString,
  calleeAddress: orNull(byteString),
});

export const anyCdr: fc.Arbitrary<Cdr> = fc
  .tuple(anyPlainCdr, anyCharges)
  .map(([plain, charges]) => ({ ...plain, ...charges }));

const anyParty: fc.Arbitrary<PartyTerms> = record({
  account: name,
  free: fc.boolean(),
  rate: record<PartyTerms['rate']>({
    prefix: byteString,
    price: anyMoney,
    perSeconds: fc.nat(),
    connectionFee: anyMoney,
    firstIncrementSeconds: fc.nat(),
    nextIncrementSeconds: fc.nat(),
    sections: fc.array(record({ seconds: fc.nat(), fee: anyMoney }), { maxLength: 8 }),
    taxPercent: anyMoney,
  }),
});

const heldItem = { item: name, day: fc.nat() };

/** As parties of calls whose packages have a part in them. */
const anyPayer: fc.Arbitrary<PartyTerms> = fc
  .tuple(
    anyParty,
    fc.array(record({ ...heldItem, money: anyMoney }), { maxLength: 2 }),
    fc.array(record(heldItem), { maxLength: 2 }),
  )
  .map(([party, giftMoney, spent]) => ({
    ...party,
    ...(giftMoney.length > 0 ? { giftMoney } : {}),
    ...(spent.length > 0 ? { spent } : {}),
  }));

const anyTerms: fc.Arbitrary<CallTerms> = record<CallTerms>({
  carryMs: fc.nat(),
  freeSeconds: fc.nat(),
  feeUnit: anyMoney,
  payers: fc.array(anyPayer, { maxLength: 9 }),
  vendor: orNull(anyParty),
});

const anyDialog: fc.Arbitrary<DialogRecord> = record({
  transport: fc.integer({ min: 0, max: 1 }),
  listener: fc.nat({ max: 20 }),
  address: byteString,
  port: fc.integer({ min: 1, max: 65_535 }),
  callId: byteString,
  local: byteString,
  remote: byteString,
  remoteTarget: byteString,
  routes: byteString,
  localSeq: fc.nat(),
});

export const anyAnswer: fc.Arbitrary<AnswerRecord> = record({
  cdr: anyCdr,
  caller: anyDialog,
  callee: anyDialog,
  terms: orNull(anyTerms),
});
