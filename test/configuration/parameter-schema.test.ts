// How parameter values may be written, and their ranges.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultParameters } from '../../core/configuration/model.ts';
import { isUnsupportedParameter } from '../../workers/configuration/parameter-names.ts';
import { parameterRules, parseParameters } from '../../workers/configuration/parameter-schema.ts';

function readValue(name: string, value: unknown): unknown {
  const refused: string[] = [];
  const parsed = parseParameters({ [name]: value }, (parameter) => refused.push(parameter));
  return refused.length > 0 ? 'refused' : (parsed as Record<string, unknown>)[name];
}

describe('system parameters', () => {
  it('read switches in every usual form', () => {
    for (const on of ['On', 'on', 'ON', true, 'true', 1, '1']) {
      assert.equal(readValue('SS_REPLY_UNAUTHORIZED', on), true);
    }
    for (const off of ['Off', 'off', false, 'false', 0, '0']) {
      assert.equal(readValue('SS_REPLY_UNAUTHORIZED', off), false);
    }
    for (const bad of ['maybe', 2, null, [], '']) {
      assert.equal(readValue('SS_REPLY_UNAUTHORIZED', bad), 'refused');
    }
  });

  it('read numbers, None as 0, and refuse what is out of range or no number', () => {
    assert.equal(readValue('SS_MAXCPS', 5), 5);
    assert.equal(readValue('SS_MAXCPS', '5'), 5);
    assert.equal(readValue('SS_MAX_CALL_DURATION', 'None'), 0);
    assert.equal(readValue('SS_GATEWAY_SWITCH_LIMIT', 'none'), 0);
    for (const bad of [-1, 1.5, '1e3', '0x10', 100_001, Number.NaN, null, true, [], '', ' ']) {
      assert.equal(readValue('SS_MAXCPS', bad), 'refused', String(bad));
    }
    assert.equal(readValue('SS_SIP_TIMEOUT_INVITE', 'None'), 'refused');
    assert.equal(readValue('SS_SIP_TIMER_T1', 99), 'refused');
    assert.equal(readValue('SS_SIP_TIMER_B', 65), 'refused');
  });

  it('read lists as arrays or with commas', () => {
    assert.deepEqual(readValue('SS_SIP_RESEND_INTERVAL', '0.5,1, 2'), [0.5, 1, 2]);
    assert.deepEqual(readValue('SS_SIP_RESEND_INTERVAL', [0.5, '1']), [0.5, 1]);
    assert.deepEqual(readValue('SS_SIP_RESEND_INTERVAL', 4), [4]);
    for (const bad of ['', [], '0.5,,1', '0', '33', new Array(17).fill(1), { 0: 1 }]) {
      assert.equal(readValue('SS_SIP_RESEND_INTERVAL', bad), 'refused');
    }
  });

  it('have defaults within their own rules, and none is both supported and not', () => {
    for (const name of Object.keys(parameterRules)) {
      const value = defaultParameters[name as keyof typeof defaultParameters];
      assert.deepEqual(readValue(name, value), value, name);
      assert.equal(isUnsupportedParameter(name), false, name);
    }
    assert.deepEqual(Object.keys(parameterRules), Object.keys(defaultParameters));
    assert.equal(isUnsupportedParameter('SERVER_REPORT_DAILY'), true);
  });
});
