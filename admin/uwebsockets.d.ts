// The package is optional: where it is left out there are no types to find. What we use of it is declared
// in uws-types.ts.
declare module 'uWebSockets.js';
