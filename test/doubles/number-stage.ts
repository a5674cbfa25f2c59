// A switch of one unbilled mapping gateway and two carriers, with rules about numbers, and calls through it.
import assert from 'node:assert/strict';
import type { NumberWatch } from '../../core/admission/number-watch.ts';
import type { Cdr } from '../../core/cdr/cdr.ts';
import { createStage, inviteText, type Seen, type Stage } from './switch-stage.ts';

export interface NumberChanges {
  readonly mapping?: object;
  readonly alpha?: object;
  readonly beta?: object;
  readonly document?: object;
}

export function numberStage(changes: NumberChanges = {}, watch?: NumberWatch): Stage {
  const document = {
    parameters: { SS_MAXCPS: 0 },
    mappingGateways: [{ name: 'acme-in', addresses: ['127.0.0.2'], ...changes.mapping }],
    routingGateways: [
      { name: 'alpha', address: '127.0.0.3', prefixes: [''], priority: 1, ...changes.alpha },
      { name: 'beta', address: '127.0.0.4', prefixes: [''], priority: 2, ...changes.beta },
    ],
    ...changes.document,
  };
  return createStage(document, watch);
}

export interface Numbers {
  readonly callee?: string;
  readonly caller?: string;
}

/** Sends an INVITE. */
export function dial(
  stage: Stage,
  { callee = '442071234567', caller = '15551234' }: Numbers,
): void {
  stage.caller.send(
    inviteText({ callee }).text.replace('sip:15551234@phone', `sip:${caller}@phone`),
  );
}

/** User of the Request-URI, To and From of an INVITE that left. */
export function numbersOf(invite: Seen): { callee: string; to: string; caller: string } {
  return {
    callee: /^INVITE sip:([^@]*)@/.exec(invite.startLine)![1]!,
    to: /^<sip:([^@]*)@/.exec(invite.header('To'))![1]!,
    caller: /<sip:(?:([^@]*)@)?/.exec(invite.header('From'))![1] ?? '',
  };
}

/** The INVITE that alpha gets. */
export function carriedBy(stage: Stage, numbers: Numbers = {}): ReturnType<typeof numbersOf> {
  dial(stage, numbers);
  stage.caller.takeOne('SIP/2.0 100');
  return numbersOf(stage.carrierA.takeOne('INVITE'));
}

/** Code and CDR of a call that must be refused, which leaves nothing held. */
export function refusedBy(stage: Stage, numbers: Numbers = {}): { status: number; cdr: Cdr } {
  const before = stage.effects.ends.length;
  dial(stage, numbers);
  const messages = stage.caller.take();
  const { status } = messages.at(-1)!;
  assert.ok(status >= 400, messages.map(({ startLine }) => startLine).join(' | '));
  assert.deepEqual([...stage.carrierA.take(), ...stage.carrierB.take()], [], 'no INVITE may leave');
  assert.deepEqual(stage.effects.lines, []);
  assert.equal(stage.effects.ends.length, before + 1);
  return { status, cdr: stage.effects.ends.at(-1)! };
}
