// A 2xx to an INVITE of ours that nobody waits for: its call went down with a worker or the whole process while it
// rang. The carrier's side is up and would stay so; it is acknowledged and hung up (RFC 3261 13.2.2.4). Nothing is
// known of the call but what the 2xx says.
import { isRoutingAddress } from '../access/routing-addresses.ts';
import { hex32 } from '../bytes/digits.ts';
import { keyedHashText } from '../bytes/keyed-hash.ts';
import { type Dialog, dialogRequest } from '../dialog/dialog.ts';
import { requestHop, routeSetOf } from '../dialog/route-set.ts';
import { Counter } from '../metrics/counter-layout.ts';
import { mintedShard, tableHashKey, workersMax } from '../shard/call-id-shard.ts';
import { HeaderId } from '../sip/header-id.ts';
import type { Hop } from '../sip/hop.ts';
import { headerStride, headerText, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import { nameAddrUri } from '../sip/name-addr.ts';
import { writeRequest } from '../sip/write-message.ts';
import { contactUri } from './call-dialog.ts';
import { hasLocalTag } from './call-table.ts';
import type { CallEnvironment } from './environment.ts';
import { branchOf, mintBranch } from './local-identity.ts';

/** Calls a second that a worker hangs up so; for the rest the carrier says its 2xx again, for 32 s. */
const orphansPerSecond = 500;

/** RFC 3261 8.1.1.6. */
const maxForwards = 70;

export interface OrphanAnswers {
  /** Of `nowMs`, whole seconds. */
  second: number;
  count: number;
}

export function createOrphanAnswers(): OrphanAnswers {
  return { second: 0, count: 0 };
}

/** `message`: a 2xx with an INVITE's CSeq, for which there is no transaction. */
export function onOrphanAnswer(env: CallEnvironment, message: SipMessage, hop: Hop): void {
  const { from, to } = message;
  if (to.tagEnd <= to.tagStart || from.tagEnd <= from.tagStart) return;
  if (!isOurs(env, message) || !isRoutingAddress(env.snapshot, hop.address)) return;
  // A call of ours that is up: it was acknowledged in its time.
  if (hasLocalTag(env.table, message)) return;
  const dialog = dialogOf(message, hop);
  const branch = orphanBranch(env, dialog);
  // The 2xx again: the BYE is under way.
  const isRepeat = env.transactions.isRequested(branch, Method.BYE);
  if (!isRepeat && !mayHangUp(env)) return;
  const { sentBy } = env.identity.listeners[dialog.hop.listener]!;
  const common = { sentBy, maxForwards };
  const { cseq } = message;
  const ack = { ...common, branch: mintBranch(env.identity), cseq };
  env.effects.send(dialog.hop, writeRequest(dialogRequest(dialog, Method.ACK, ack), '', ''));
  if (isRepeat) return;
  env.effects.count(Counter.orphanAnswers);
  const parts = dialogRequest(dialog, Method.BYE, { ...common, branch, cseq: cseq + 1 });
  env.transactions.request(dialog.hop, parts, writeRequest(parts, '', ''));
}

/** Its Call-ID is one that this node has minted, before a restart or after it. */
function isOurs(env: CallEnvironment, message: SipMessage): boolean {
  const at = message.firstRow[HeaderId.callId]! * headerStride;
  const callId = { start: message.headers[at + 3]!, end: message.headers[at + 4]! };
  // The node may have had more workers then.
  return mintedShard(message.bytes, callId, env.identity.shardKey, workersMax) >= 0;
}

/** RFC 3261 12.1.2, from the 2xx alone. */
function dialogOf(message: SipMessage, hop: Hop): Dialog {
  const { bytes, from, to } = message;
  const remote = headerText(message, HeaderId.to)!;
  const remoteTarget = contactUri(message) || nameAddrUri(remote);
  const routeSet = routeSetOf(message, HeaderId.recordRoute, true);
  return {
    callId: headerText(message, HeaderId.callId)!,
    localTag: bytes.latin1Slice(from.tagStart, from.tagEnd),
    remoteTag: bytes.latin1Slice(to.tagStart, to.tagEnd),
    local: headerText(message, HeaderId.from)!,
    remote,
    remoteTarget,
    routeSet,
    hop: requestHop(routeSet, remoteTarget, hop),
    peerAddress: hop.address,
    localSeq: message.cseq,
    remoteSeq: -1,
  };
}

/** The same for every copy of the answer, and one that nobody can foresee. */
function orphanBranch({ identity }: CallEnvironment, dialog: Dialog): string {
  const { callId, localTag, remoteTag } = dialog;
  const text = `${callId} ${localTag} ${remoteTag}`;
  const { shardKey } = identity;
  const low = keyedHashText(text, shardKey);
  return branchOf(hex32(keyedHashText(text, tableHashKey(shardKey))) + hex32(low));
}

function mayHangUp({ orphanAnswers, nowMs }: CallEnvironment): boolean {
  const second = Math.floor(nowMs / 1000);
  if (second !== orphanAnswers.second) {
    orphanAnswers.second = second;
    orphanAnswers.count = 0;
  }
  if (orphanAnswers.count >= orphansPerSecond) return false;
  orphanAnswers.count++;
  return true;
}
