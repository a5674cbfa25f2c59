// The stateless answer to a new INVITE that finds its worker's ring nearly full (RFC 3261 8.2.7, 21.5.4).

import type { MessageBytes } from '../../core/bytes/latin1.ts';
import type { Hop } from '../../core/sip/hop.ts';
import { createMessage } from '../../core/sip/message.ts';
import { writeOverloadReply } from '../../core/sip/stateless-reply.ts';

/** Long enough for a ring to drain many times over, short enough that a carrier comes back. */
const retryAfterSeconds = 2;

/** `statusCode`: 503, or what a stranger hears in its place. '' when the INVITE cannot be answered. */
export type OverloadReply = (
  bytes: Buffer,
  length: number,
  refusal: { readonly hop: Hop; readonly statusCode: number },
) => string;

/** Makes the function that writes the reply, with a message of its own to parse into. */
export function createOverloadReply(): OverloadReply {
  const scratch = createMessage();
  return (bytes, length, { hop, statusCode }) =>
    writeOverloadReply(scratch, bytes as Buffer & MessageBytes, length, {
      hop,
      statusCode,
      retryAfterSeconds,
    });
}
