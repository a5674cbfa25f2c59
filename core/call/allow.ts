// What we allow peers to send (RFC 3261 20.5): inside a call, and to begin something here.

/** In the requests and responses of a call. */
export const allowLine =
  'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE, NOTIFY\r\n';

/** In answers out of a dialog, where MESSAGE and NOTIFY are refused. */
export const allowOutsideLine = 'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO\r\n';

const acceptLines = 'Accept: application/sdp\r\nSupported: 100rel\r\n';

/** RFC 3261 11.2: what OPTIONS is answered with inside a call, and outside. */
export const optionsLines: string = allowLine + acceptLines;
export const optionsOutsideLines: string = allowOutsideLine + acceptLines;
