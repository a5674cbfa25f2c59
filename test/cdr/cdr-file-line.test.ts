// The hourly text files: 18 fields, on the node's clock, whatever a caller's number holds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { cdrFileHour, cdrFileLine, isInCdrFile } from '../../core/cdr/cdr-file-line.ts';
import { zoneOffsets } from '../../workers/configuration/time-zones.ts';

const london = zoneOffsets('Europe/London');
const startedAt = Date.parse('2026-07-01T22:59:50Z');
const cdr: Cdr = {
  id: 'c-1',
  callId: 'a@b',
  node: 'edge-1',
  startedAt,
  ringingAt: startedAt + 500,
  answeredAt: startedAt + 1_000,
  endedAt: startedAt + 31_500,
  holdTimeMs: 30_500,
  pddMs: 500,
  mappingGateway: 'acme-in',
  routingGateway: 'carrier-a',
  calleeCallId: 'c@d',
  attempts: [],
  callerAccess: '100',
  calleeAccess: '442071234567',
  callerOut: '200',
  calleeOut: '00442071234567',
  account: 'acme',
  calleeBilling: null,
  ratePrefix: null,
  billedSeconds: null,
  fee: null,
  clearingAccount: null,
  clearingBilledSeconds: null,
  cost: null,
  tax: null,
  packageSeconds: 0,
  giftFee: 0n,
  agentFees: [],
  billedParty: null,
  configurationVersion: 1,
  endReason: 'normalRelease',
  endedBy: 'caller',
  sipCode: 200,
  callerAddress: '192.0.2.1:5060',
  calleeAddress: '192.0.2.9:5060',
};

describe('a line of an hourly CDR file', () => {
  it('has 18 fields in their order', () => {
    assert.equal(
      cdrFileLine(cdr, london),
      '100|442071234567|2026-07-01 23:59:50|2026-07-02 00:00:21|31|normalRelease|caller|acme-in|carrier-a|192.0.2.1:5060|192.0.2.9:5060|200|00442071234567|acme|200|500|1|c-1\n',
    );
  });

  it('has numbers as UTF-8 text, however they came', () => {
    const callerAccess = Buffer.from('Köln-100').toString('latin1');
    assert.match(cdrFileLine({ ...cdr, callerAccess }, london), /^Köln-100\|/);
    const calleeOut = Buffer.from('12ß3').toString('latin1');
    assert.match(cdrFileLine({ ...cdr, calleeOut }, london), /\|12ß3\|acme\|/);
  });

  it('has empty fields where there is nothing', () => {
    const refused = {
      ...cdr,
      answeredAt: null,
      holdTimeMs: 0,
      pddMs: null,
      routingGateway: null,
      calleeAddress: null,
      callerOut: null,
      calleeOut: null,
      account: null,
    };
    const fields = cdrFileLine(refused, london).trimEnd().split('|');
    assert.equal(fields.length, 18);
    assert.deepEqual([fields[4], fields[8], fields[15], fields[16]], ['0', '', '', '-1']);
    assert.equal(isInCdrFile(refused, false), false);
    assert.equal(isInCdrFile(refused, true), true);
    assert.equal(isInCdrFile(cdr, false), true);
  });

  it('cannot be made two lines or other fields by a number', () => {
    const line = cdrFileLine({ ...cdr, callerAccess: '1|2\r\n3\u00c2\u0085|4' }, london);
    assert.equal(line.split('\n').length, 2);
    assert.equal(line.split('|').length, 18);
    assert.ok(line.startsWith('1234|'));
  });

  it('is in the file of the hour in which the call ended, on the clock of the node', () => {
    assert.equal(cdrFileHour(cdr.endedAt, london), '2026070200');
    assert.equal(cdrFileHour(cdr.startedAt, london), '2026070123');
    assert.equal(cdrFileHour(Date.parse('2026-01-01T08:00:00Z'), london), '2026010108');
  });
});
