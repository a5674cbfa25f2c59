// The stateless 503 for a new INVITE that finds its worker's ring nearly full (RFC 3261 8.2.7, 21.5.4).

import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Hop } from '../../core/sip/hop.ts';
import { createMessage } from '../../core/sip/message.ts';
import { writeOverloadReply } from '../../core/sip/stateless-reply.ts';

/** Long enough for a ring to drain many times over, short enough that a carrier comes back. */
const retryAfterSeconds = 2;

/** Makes the function that writes the reply, with a message of its own to parse into. '' when the INVITE
 *  cannot be answered. */
export function createOverloadReply(): (bytes: Buffer, length: number, hop: Hop) => string {
  const scratch = createMessage();
  const refusal: { hop: Hop; retryAfterSeconds: number } = {
    hop: { transport: 0, listener: 0, connection: 0, address: '', port: 0 },
    retryAfterSeconds,
  };
  return (bytes, length, hop) => {
    refusal.hop = hop;
    return writeOverloadReply(scratch, bytes as Buffer & MessageBytes, length, refusal);
  };
}
