// Many calls at once on an engine, answered by the carrier that the test plays.
import { header, request, response, type SipPeer, tagOf } from './sip-peer.ts';

export interface Rush {
  readonly caller: SipPeer;
  readonly carrier: SipPeer;
  /** Where the engine listens. */
  readonly port: number;
  /** Call-IDs; a call that met a slow machine's overload (503) is offered again under another one. */
  readonly offered: Set<string>;
  readonly heard: Set<string>;
  /** By Call-ID: the final status, and the tag of our side. */
  readonly finals: Map<string, { status: number; toTag: string }>;
}

/** Sends so many INVITEs at once, and again where nothing was heard, as a caller does (timer A); the carrier
 *  answers whatever reaches it. */
export async function rushOf(calls: number, rush: Rush): Promise<void> {
  const { caller, carrier, port, offered, heard, finals } = rush;
  for (let n = 0; n < calls; n++) offered.add(`rush-${n}`);
  for (let sentAt = 0; finals.size < calls; ) {
    if (Date.now() - sentAt > 1000) {
      for (const callId of offered) {
        if (!heard.has(callId)) caller.send(request(caller, 'INVITE', { callId }), port);
      }
      sentAt = Date.now();
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (const text of carrier.waiting.splice(0)) {
      if (text.startsWith('INVITE ')) {
        carrier.send(response(text, '200 OK', carrier, 'callee'), port);
      }
    }
    for (const text of caller.waiting.splice(0)) hear(rush, text);
  }
}

function hear({ offered, heard, finals }: Rush, text: string): void {
  const callId = header(text, 'Call-ID');
  heard.add(callId);
  const status = Number(text.slice(8, 11));
  if (status < 200 || !offered.has(callId)) return;
  if (status === 503) {
    offered.delete(callId);
    offered.add(`${callId}-again`);
  } else {
    finals.set(callId, { status, toTag: tagOf(header(text, 'To')) });
  }
}
