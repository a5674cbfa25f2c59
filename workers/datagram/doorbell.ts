// Wakes a thread that waits in poll(2): an eventfd(2), a counter that is readable while it is not zero.
import type { SystemCalls } from '../system-calls.ts';

/** EFD_NONBLOCK | EFD_CLOEXEC */
const flags = 0o2004000;

export class Doorbell {
  readonly fd: number;
  readonly #calls: SystemCalls;
  readonly #one: Buffer = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  readonly #count: Buffer = Buffer.alloc(8);

  /** `fd`: one that `openDoorbell` returned, in any thread. */
  constructor(calls: SystemCalls, fd: number) {
    this.#calls = calls;
    this.fd = fd;
  }

  ring(): void {
    this.#calls.write(this.fd, this.#one, 8);
  }

  /** The one who was woken: back to zero. */
  answer(): void {
    this.#calls.read(this.fd, this.#count, 8);
  }
}

/** @throws Error */
export function openDoorbell(calls: SystemCalls): number {
  const fd = calls.eventfd(0, flags);
  if (fd < 0) throw new Error(`eventfd: errno ${calls.errno()}`);
  return fd;
}
