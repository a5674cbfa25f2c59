// JSON Schemas of what the API takes and gives, for openapi.json.
import { documentJsonSchema } from '../workers/configuration/document-schema.ts';
import { changeKinds } from '../workers/configuration/rate-changes.ts';
import { cdrSchemas } from './openapi-cdrs.ts';
import { routingSchemas } from './openapi-routing.ts';
import { list, maybeText, object, type Schema, text, time, whole, yesNo } from './schema-words.ts';

const problem = object(
  {
    type: { type: 'string', format: 'uri', description: 'urn:tandem:problem:CODE' },
    title: text,
    status: whole,
    detail: text,
    errors: list(
      object(
        {
          path: text,
          line: { ...whole, description: 'of a file' },
          value: {},
          expected: text,
          message: text,
        },
        ['line', 'value', 'expected'],
      ),
    ),
    furtherLines: {
      type: 'string',
      description: 'of a rate deck: bad lines beside those of errors, "10001-20000, 20007"',
    },
  },
  ['errors', 'furtherLines'],
);

/** Null: turned off. */
const handOff: Schema = {
  anyOf: [
    object({
      to: text,
      state: { enum: ['up', 'away'] },
      reason: text,
      records: whole,
      setAside: whole,
      lost: whole,
      queue: object({ records: whole, bytes: whole, oldestMs: whole }),
    }),
    { type: 'null' },
  ],
};
const figureOrNull: Schema = { type: ['number', 'null'] };
const routingFigures = object({
  callsToday: whole,
  asrPercent: figureOrNull,
  acdSeconds: figureOrNull,
  connectedPercent: figureOrNull,
  respondedPercent: figureOrNull,
  offline: yesNo,
  closedSeconds: whole,
});

const status = object({
  version: text,
  node: text,
  state: { enum: ['running', 'draining'] },
  startedAt: time,
  uptimeSeconds: { type: 'number' },
  callsUp: whole,
  callsAnsweredUp: whole,
  cps: { type: 'number' },
  maxCps: whole,
  asrPercent: { type: ['number', 'null'] },
  configurationVersion: whole,
  counters: { type: 'object', additionalProperties: whole },
  workers: list(
    object({
      index: whole,
      state: { enum: ['starting', 'running', 'dead'] },
      restarts: whole,
      gauges: { type: 'object', additionalProperties: { type: 'number' } },
    }),
  ),
  gateways: list(
    object(
      {
        name: text,
        kind: { enum: ['mapping', 'routing'] },
        linesUsed: whole,
        lineLimit: whole,
        cpsLimit: whole,
        cps: { type: ['integer', 'null'] },
        routing: routingFigures,
      },
      ['routing'],
    ),
  ),
  sockets: list(object({ listen: text, receiveBufferBytes: whole, kernelDrops: whole })),
  accounts: object({
    count: whole,
    reserved: maybeText,
    exhausted: { type: ['integer', 'null'] },
    fraud: object({
      limits: whole,
      warning: whole,
      blocking: whole,
      alarms: list(
        object({ account: text, prefix: text, warned: list(text), blocked: list(text) }),
      ),
    }),
  }),
  cdrLog: object({
    directory: text,
    accepting: yesNo,
    frames: whole,
    bytes: whole,
    lostFrames: whole,
    queue: object({
      waitingFrames: whole,
      waitingBytes: whole,
      unsyncedFrames: whole,
      unsyncedBytes: whole,
      oldestMs: whole,
    }),
  }),
  cdrStore: {
    anyOf: [
      object({
        kind: text,
        state: { enum: ['up', 'away'] },
        reason: text,
        warning: text,
        storedRows: whole,
        rejectedRecords: whole,
        queue: object({ records: whole, bytes: whole, oldestMs: whole }),
      }),
      { type: 'null' },
    ],
  },
  cdrHandOff: object({ files: handOff, push: handOff }),
  configurationMaster: {
    anyOf: [
      object({
        state: { enum: ['followed', 'notFollowed', 'away'] },
        reason: text,
        number: whole,
        since: text,
      }),
      { type: 'null' },
    ],
  },
  ingress: object({ loopStallMs: whole, streamConnections: whole, streamQueueBytes: whole }),
  memoryRssBytes: whole,
});

const fieldChange = object({ field: text, before: {}, after: {} }, ['before', 'after']);
const listChange = object({
  field: text,
  addedCount: whole,
  removedCount: whole,
  added: list(text),
  removed: list(text),
});
const collectionChanges = object({
  addedCount: whole,
  removedCount: whole,
  changedCount: whole,
  added: list(text),
  removed: list(text),
  changed: list(object({ name: text, fields: list(fieldChange), lists: list(listChange) })),
});
const activation = object({
  version: whole,
  compileMs: { type: 'number' },
  swapPauseMs: { type: 'number' },
});
const appliedChange = object(
  {
    version: whole,
    previousVersion: whole,
    dryRun: yesNo,
    changes: { $ref: '#/components/schemas/Changes' },
    warnings: list(text),
    activation,
  },
  ['changes', 'activation'],
);

const putInForce = {
  version: whole,
  previousVersion: whole,
  dryRun: yesNo,
  warnings: list(text),
  activation,
};
const rateChange = object({ prefix: text, before: maybeText, after: maybeText });
const listedKinds = changeKinds.filter((kind) => kind !== 'unchanged');

/** What the routes of rate tables take and give. */
const deckSchemas: Record<string, Schema> = {
  RateTableList: object({ rateTables: list(object({ name: text, rates: whole })) }),
  ImportedDeck: object(
    {
      ...putInForce,
      table: text,
      mode: { enum: ['replace', 'merge'] },
      deckRates: whole,
      tableRates: whole,
      counts: object(Object.fromEntries(changeKinds.map((kind) => [kind, whole]))),
      pending: { ...whole, description: 'rates of the deck that begin later' },
      listed: object(Object.fromEntries(listedKinds.map((kind) => [kind, list(rateChange)]))),
      tookMs: whole,
    },
    ['activation'],
  ),
  CopyRequest: object(
    {
      to: text,
      percent: { ...text, default: '0' },
      perMinute: { ...text, default: '0' },
      decimals: { ...whole, minimum: 0, maximum: 8, default: 8 },
      replace: { ...yesNo, default: false },
      dryRun: { ...yesNo, default: false },
    },
    ['percent', 'perMinute', 'decimals', 'replace', 'dryRun'],
  ),
  CopiedTable: object({ ...putInForce, table: text, tableRates: whole }, ['activation']),
};

export const schemas: Record<string, Schema> = {
  Problem: problem,
  Status: status,
  ...cdrSchemas,
  ...routingSchemas,
  ListedNumbers: object({
    total: { ...whole, description: 'all that are listed' },
    listed: list(
      object({
        number: text,
        side: { enum: ['caller', 'callee'] },
        kind: { enum: ['malicious', 'concurrent', 'noAnswer'] },
        since: time,
        until: time,
      }),
    ),
  }),
  Cleared: object({ cleared: { ...whole, description: 'how many were listed' } }),
  Account: {
    ...object({
      name: text,
      kind: { enum: ['customer', 'clearing', 'agent'] },
      creditLimit: text,
      balance: text,
      reserved: text,
      available: text,
      linesUsed: whole,
    }),
    additionalProperties: true,
  },
  Configuration: documentJsonSchema(),
  VersionList: object({
    versions: list(
      object({
        version: whole,
        storedAt: time,
        base: whole,
        rollbackOf: { type: ['integer', 'null'] },
        committed: yesNo,
        inForce: yesNo,
        diff: { $ref: '#/components/schemas/Changes' },
      }),
    ),
  }),
  Changes: object(
    {
      parameters: list(fieldChange),
      rateTemplates: collectionChanges,
      rateTables: collectionChanges,
      calendars: collectionChanges,
      periodRates: collectionChanges,
      packages: collectionChanges,
      accounts: collectionChanges,
      numberTransforms: collectionChanges,
      mobileAreas: collectionChanges,
      numberGroups: collectionChanges,
      gatewayGroups: collectionChanges,
      mappingGateways: collectionChanges,
      routingGateways: collectionChanges,
    },
    ['rateTemplates', 'numberTransforms', 'mobileAreas', 'numberGroups', 'gatewayGroups'],
  ),
  AppliedChange: appliedChange,
  ...deckSchemas,
};
