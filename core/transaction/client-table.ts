// Finds the client transaction of a response (RFC 3261 17.1.3): by our branch and by the method of its
// CSeq, since a CANCEL has the branch of its INVITE.
import { KeyTable } from '../bytes/key-table.ts';
import { equalsText } from '../bytes/latin1.ts';
import { mintedHash, mintedHashOf } from '../bytes/minted-hash.ts';
import type { SipMessage } from '../sip/message.ts';
import { Method } from '../sip/method.ts';
import type { ClientTransaction } from './transaction.ts';

export class ClientTable {
  readonly #table: KeyTable<ClientTransaction> = new KeyTable();

  get size(): number {
    return this.#table.size;
  }

  find(message: SipMessage): ClientTransaction | undefined {
    const { bytes, method } = message;
    const { branchStart, branchEnd } = message.topVia;
    let client = this.#table.first(mintedHash(bytes, branchStart, branchEnd));
    for (; client !== undefined; client = this.#table.after(client)) {
      if (client.method === method && equalsText(bytes, branchStart, branchEnd, client.key)) break;
    }
    return client;
  }

  /** The transaction of a request of ours. */
  ofRequest(branch: string, method: Method): ClientTransaction | undefined {
    return this.#search(mintedHashOf(branch), branch, method);
  }

  /** Takes in one whose branch no other one has, but for a CANCEL and its INVITE. */
  add(transaction: ClientTransaction): void {
    const { key, method } = transaction;
    const hash = mintedHashOf(key);
    if (this.#search(hash, key, method) !== undefined) {
      throw new Error(`branch ${key} is in use by another transaction`);
    }
    this.#table.add(transaction, hash);
  }

  remove(transaction: ClientTransaction): void {
    this.#table.remove(transaction);
  }

  #search(hash: number, branch: string, method: Method): ClientTransaction | undefined {
    const isCancel = method === Method.CANCEL;
    let client = this.#table.first(hash);
    for (; client !== undefined; client = this.#table.after(client)) {
      if (client.key === branch && (client.method === Method.CANCEL) === isCancel) break;
    }
    return client;
  }
}
