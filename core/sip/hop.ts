// One way to reach a peer: which of our sockets, which transport, which address. Immutable.

export const Transport = { udp: 0, tcp: 1 } as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

/** Where a message came from, or where one goes to. */
export interface Hop {
  readonly transport: Transport;
  /** Index of the local listening socket (its address is what our Via and Contact say). */
  readonly listener: number;
  /** The stream connection it came over; 0 for UDP, or when any connection to the peer will do. */
  readonly connection: number;
  /** Textual IP address without brackets. */
  readonly address: string;
  readonly port: number;
}
