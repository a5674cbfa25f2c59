// What a gateway and the parameters say of going on after ringing, after busy and in strict mode, in whole calls.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStage, inviteText, plainDocument, responseTo } from '../doubles/switch-stage.ts';

/** Whether beta gets the call that alpha, with these fields, fails. */
function goesOn(
  { alpha = {}, parameters = {} }: { alpha?: object; parameters?: object },
  responses: readonly [number, string?][],
): boolean {
  const [first, second] = plainDocument.routingGateways as object[];
  const { caller, carrierA, carrierB } = createStage({
    ...plainDocument,
    parameters: { SS_MAXCPS: 0, ...parameters },
    routingGateways: [{ ...first, ...alpha }, second],
  });
  caller.send(inviteText().text);
  const invite = carrierA.takeOne('INVITE');
  for (const [status, headers = ''] of responses) {
    carrierA.send(responseTo(invite, status, { tag: 'x', headers }));
  }
  return carrierB.take().length === 1;
}

describe('a call that its first gateway fails', () => {
  it('switchAllowRing of the gateway rules after ringing, either way', () => {
    const rang: readonly [number, string?][] = [[180], [480]];
    assert.equal(goesOn({ alpha: { switchAllowRing: true } }, rang), true);
    const parameters = { SS_GATEWAY_SWITCH_UNTIL_CONNECT: 'On' };
    assert.equal(goesOn({ parameters }, rang), true);
    assert.equal(goesOn({ parameters, alpha: { switchAllowRing: false } }, rang), false);
    const alpha = { switchUntilConnect: true, switchAllowRing: false };
    assert.equal(goesOn({ alpha }, rang), false);
    assert.equal(goesOn({ alpha: { switchAllowRing: false } }, [[480]]), true);
  });

  it('switchAllowBusy of the gateway rules after busy, either way', () => {
    const named = 'Reason: Q.850;cause=17\r\n';
    const busy: readonly [number, string?][] = [[486], [480, named], [600]];
    for (const each of busy) {
      assert.equal(goesOn({}, [each]), false, String(each));
      assert.equal(goesOn({ alpha: { switchAllowBusy: true } }, [each]), true, String(each));
    }
    const parameters = { SS_GATEWAY_SWITCH_STOP_AFTER_USER_BUSY: 'Off' };
    assert.equal(goesOn({ parameters }, [[486]]), true);
    assert.equal(goesOn({ parameters, alpha: { switchAllowBusy: false } }, [[486]]), false);
    assert.equal(goesOn({ parameters, alpha: { switchAllowBusy: false } }, [[480, named]]), false);
    assert.equal(goesOn({ parameters }, [[600]]), true);
    assert.equal(goesOn({ alpha: { stopCodes: [603] } }, [[603]]), false);
    assert.equal(goesOn({}, [[603]]), true);
  });

  it('SS_GATEWAY_SWITCH_STRICT lets nobody go on without a flag until connect', () => {
    const parameters = { SS_GATEWAY_SWITCH_STRICT: 'On' };
    assert.equal(goesOn({ parameters }, [[503]]), false);
    assert.equal(goesOn({ parameters, alpha: { switchAllowRing: true } }, [[180], [503]]), false);
    assert.equal(goesOn({ parameters, alpha: { switchUntilConnect: true } }, [[503]]), true);
    const all = { ...parameters, SS_GATEWAY_SWITCH_UNTIL_CONNECT: 'On' };
    assert.equal(goesOn({ parameters: all }, [[503]]), true);
  });
});
