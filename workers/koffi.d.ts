// What is used of koffi, so that the sources compile where the optional package was left out.
declare module 'koffi' {
  export function load(path: string | null): { func(prototype: string): KoffiCall };
  export function errno(): number;
  /** Memory at an address, as long as it is there. */
  export function view(address: number, length: number): ArrayBuffer;
  type KoffiCall = (...values: (number | Uint8Array | Int32Array | null)[]) => number | bigint;
}
