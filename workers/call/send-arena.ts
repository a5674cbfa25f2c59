// Where outgoing datagrams lie while the kernel or libuv still reads them. Slabs are filled one after
// the other; a slab is filled again only when every send out of it has called back.
//
//   slab 0 |used.....|free|      slab 1 |used..............|      slab 2 |free...............|
//           pending 12                   pending 340                      pending 0: next to be filled
//
// Price: a slab with one send outstanding is kept whole. Limit: `slabsMax`, then messages are lost and
// counted; the kernel's send queue has then been full for thousands of messages.

export const slabBytes = 262_144;
export const slabsMax = 64;

/** A Buffer with the one-call latin1 writer that Node's own types leave out. */
export interface ByteTextBuffer extends Buffer {
  latin1Write(text: string, offset: number, length: number): number;
}

export interface Slab {
  readonly bytes: ByteTextBuffer;
  used: number;
  /** Sends that have not called back. */
  pending: number;
  /** The callback of every send out of this slab, made once. */
  readonly onSent: (error: Error | null) => void;
}

export interface SendArena {
  /** A slab with `length` bytes free at its `used`, or undefined at the limit. */
  slabFor(length: number): Slab | undefined;
  /** Sends that have not called back, over all slabs. */
  pending(): number;
  readonly slabs: readonly Slab[];
}

export function createSendArena(onError: (error: Error) => void): SendArena {
  const slabs: Slab[] = [];
  let current = addSlab(slabs, onError);
  return {
    slabs,
    slabFor(length) {
      if (current.used + length <= slabBytes) return current;
      const next =
        freeSlab(slabs) ?? (slabs.length < slabsMax ? addSlab(slabs, onError) : undefined);
      if (next === undefined || length > slabBytes) return undefined;
      next.used = 0;
      current = next;
      return next;
    },
    pending() {
      let sum = 0;
      for (const slab of slabs) sum += slab.pending;
      return sum;
    },
  };
}

function freeSlab(slabs: readonly Slab[]): Slab | undefined {
  for (const slab of slabs) if (slab.pending === 0) return slab;
  return undefined;
}

function addSlab(slabs: Slab[], onError: (error: Error) => void): Slab {
  const slab: Slab = {
    bytes: Buffer.allocUnsafeSlow(slabBytes) as ByteTextBuffer,
    used: 0,
    pending: 0,
    onSent: (error) => {
      slab.pending--;
      if (error !== null && error !== undefined) onError(error);
    },
  };
  slabs.push(slab);
  return slab;
}
