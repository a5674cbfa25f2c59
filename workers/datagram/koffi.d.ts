// What is used of koffi, so that the sources compile where the optional package was left out.
declare module 'koffi' {
  export function load(path: string | null): { func(prototype: string): KoffiCall };
  export function errno(): number;
  type KoffiCall = (...values: (number | Uint8Array | Int32Array | null)[]) => number | bigint;
}
