// Final responses of our own that carry no body.
import { Method } from '../sip/method.ts';
import { writeResponse } from '../sip/write-message.ts';
import type { ServerTransaction } from '../transaction/transaction.ts';
import type { CallEnvironment } from './environment.ts';
import { mintTag } from './local-identity.ts';

/** `headers`: complete lines, or ''. */
export function respond(
  env: CallEnvironment,
  transaction: ServerTransaction,
  statusCode: number,
  headers: string,
): void {
  const { head } = transaction;
  if (headers === '' && head.toTagged && transaction.method !== Method.INVITE) {
    env.transactions.respondPlainly(transaction, statusCode);
    return;
  }
  const tag = head.toTagged ? '' : mintTag(env.identity);
  env.transactions.respond(transaction, statusCode, writeResponse(head, statusCode, tag, headers));
}
