// Request methods as small integers, so that a branch on a method is a branch on a number.

export const Method = {
  unknown: 0,
  INVITE: 1,
  ACK: 2,
  BYE: 3,
  CANCEL: 4,
  OPTIONS: 5,
  REGISTER: 6,
  PRACK: 7,
  UPDATE: 8,
  INFO: 9,
  REFER: 10,
  MESSAGE: 11,
  SUBSCRIBE: 12,
  NOTIFY: 13,
  PUBLISH: 14,
} as const;
export type Method = (typeof Method)[keyof typeof Method];

/** Index: a `Method`; value: the token on the wire ('' for unknown). */
export const methodNames: readonly string[] = [
  '',
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
  'REFER',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
];

// Joined, because that makes one flat string: `+` would leave the pieces to every writer.

/** Index: a `Method`; how its request begins. */
export const requestStarts: readonly string[] = methodNames.map((name) => [name, ' '].join(''));
/** Index: a `Method`; how its CSeq line ends. */
export const cseqEnds: readonly string[] = methodNames.map((name) => [' ', name, '\r\n'].join(''));
