// Finds the server transaction of a request (RFC 3261 17.2.3, 9.2) and the requests that are copies of one
// (8.2.2.2). All are asked by the same hash, of Call-ID and CSeq number: a repeat, an ACK, a CANCEL and a
// merged request share both with the request they belong to (9.1, 17.1.1.3), so one hash serves them all.
//
// The number only counts in the high bits of the hash: what one Call-ID sent is a group of the table, so that
// the ACK or CANCEL of a peer that numbers it wrongly still finds its INVITE.
//
// Peers choose what is hashed, therefore the hash is keyed: they cannot make different requests meet. The
// same Call-ID under many numbers and branches does meet, and of those only so many are kept.
import { groupBits, KeyTable } from '../bytes/key-table.ts';
import { keyedHash, keyedHashText } from '../bytes/keyed-hash.ts';
import { equalsText } from '../bytes/latin1.ts';
import { HeaderId } from '../sip/header-id.ts';
import { headerStride, type SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import type { SpentTransaction } from './spent-transactions.ts';
import type { ServerTransaction } from './transaction.ts';
import { hasPlainKey, serverKey } from './transaction-key.ts';

/** Transactions of one Call-ID and CSeq number. A peer needs a few: INVITE, CANCEL, and a request with
 *  this number in each early dialog. One more is refused. */
const alikeMax = 64;

/** Transactions of one Call-ID under whatever numbers: those not answered yet, and failures that wait for
 *  their ACK. One more is refused. */
const groupMax = 512;

const numberBytes = new Uint8Array(4);

export class ServerTable {
  readonly #table: KeyTable<ServerTransaction> = new KeyTable();
  readonly #key: Uint32Array;

  /** @param key two words that no peer knows */
  constructor(key: Uint32Array) {
    this.#key = key;
  }

  get size(): number {
    return this.#table.size;
  }

  hashOf(message: SipMessage): number {
    const { bytes, headers, cseq } = message;
    const at = message.firstRow[HeaderId.callId]! * headerStride;
    numberBytes[0] = cseq;
    numberBytes[1] = cseq >>> 8;
    numberBytes[2] = cseq >>> 16;
    numberBytes[3] = cseq >>> 24;
    const callIdHash = keyedHash(bytes, headers[at + 3]!, headers[at + 4]!, this.#key);
    return callIdHash ^ (keyedHash(numberBytes, 0, 4, this.#key) & ~groupBits);
  }

  /** The transaction of the request, `method` in place of its own (ACK and CANCEL ask for the INVITE). */
  find(message: SipMessage, hash: number, method: Method): ServerTransaction | undefined {
    let transaction = this.#table.first(hash);
    if (transaction === undefined) return undefined;
    const key = hasPlainKey(message) ? undefined : serverKey(message, method);
    for (; transaction !== undefined; transaction = this.#table.after(transaction)) {
      if (transaction.method === method && hasKey(message, key, transaction)) return transaction;
    }
    return undefined;
  }

  /** The INVITE of an ACK or CANCEL that has another CSeq number: RFC 3261 9.2 and 17.2.3 match by branch
   *  and sent-by alone, though both are to repeat the number (9.1, 17.1.1.3). */
  findMisnumbered(message: SipMessage, hash: number): ServerTransaction | undefined {
    let transaction = this.#table.firstOfGroup(hash);
    if (transaction === undefined) return undefined;
    const key = hasPlainKey(message) ? undefined : serverKey(message, Method.INVITE);
    for (; transaction !== undefined; transaction = this.#table.afterOfGroup(transaction)) {
      const isInvite = transaction.method === Method.INVITE;
      if (isInvite && hasKey(message, key, transaction)) return transaction;
    }
    return undefined;
  }

  /** RFC 3261 8.2.2.2: no transaction of its own, but From tag, Call-ID and CSeq of another one. */
  isMerged(message: SipMessage, hash: number): boolean {
    const { bytes, from, to, method } = message;
    if (method === Method.CANCEL || to.tagEnd > to.tagStart) return false;
    let other = this.#table.first(hash);
    for (; other !== undefined; other = this.#table.after(other)) {
      if (
        other.mergeKey !== '' &&
        other.method === method &&
        other.cseq === message.cseq &&
        equalsText(bytes, from.tagStart, from.tagEnd, other.fromTag) &&
        hasCallId(message, other.mergeKey)
      ) {
        return true;
      }
    }
    return false;
  }

  /** What tells the request from others of its hash once its transaction is spent. */
  identityOf(message: SipMessage, method: Method): number {
    const { bytes, topVia } = message;
    const { hostStart, branchEnd } = topVia;
    return hasPlainKey(message)
      ? withMethod(keyedHash(bytes, hostStart, branchEnd, this.#key), method)
      : withMethod(keyedHashText(serverKey(message, method), this.#key), method);
  }

  /** The same of its From tag and number. */
  mergeOf(message: SipMessage): number {
    const { bytes, from, cseq } = message;
    return withNumber(keyedHash(bytes, from.tagStart, from.tagEnd, this.#key), cseq);
  }

  /** What is left of a transaction of the table that only waits for repeats. */
  spent(transaction: ServerTransaction): SpentTransaction {
    const { key, method, mergeKey, fromTag, cseq, statusCode } = transaction;
    return {
      hash: this.#table.hashOf(transaction),
      identity: withMethod(keyedHashText(key, this.#key), method),
      merge: mergeKey === '' ? 0 : withNumber(keyedHashText(fromTag, this.#key), cseq),
      isInvite: method === Method.INVITE,
      statusCode,
    };
  }

  /** Whether no further transaction of this hash is kept. */
  isCrowded(hash: number): boolean {
    let alike = 0;
    let mates = 0;
    let transaction = this.#table.firstOfGroup(hash);
    for (; transaction !== undefined; transaction = this.#table.afterOfGroup(transaction)) {
      mates++;
      if (this.#table.hashOf(transaction) === hash) alike++;
    }
    return alike >= alikeMax || mates >= groupMax;
  }

  add(transaction: ServerTransaction, hash: number): void {
    this.#table.add(transaction, hash);
  }

  remove(transaction: ServerTransaction): void {
    this.#table.remove(transaction);
  }
}

/** `key`: of the message, undefined where it stands in it as it is. */
function hasKey(
  message: SipMessage,
  key: string | undefined,
  transaction: ServerTransaction,
): boolean {
  if (key !== undefined) return transaction.key === key;
  const { bytes, topVia } = message;
  return equalsText(bytes, topVia.hostStart, topVia.branchEnd, transaction.key);
}

function hasCallId(message: SipMessage, callId: string): boolean {
  const { bytes, headers } = message;
  const at = message.firstRow[HeaderId.callId]! * headerStride;
  return equalsText(bytes, headers[at + 3]!, headers[at + 4]!, callId);
}

/** Two requests may have one branch (RFC 3261 9.1, 17.2.3). */
function withMethod(hash: number, method: Method): number {
  return hash ^ Math.imul(method + 1, 0x9e3779b1);
}

/** Never 0. */
function withNumber(hash: number, cseq: number): number {
  return (hash ^ Math.imul(cseq, 0x9e3779b1)) | 0 || 1;
}
