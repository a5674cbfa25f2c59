// The one place that draws the compiled snapshot. Written by workers/configuration/compile-snapshot.ts,
// read by open-snapshot.ts. Plain bytes in the machine's byte order, never stored on disk.
//
//   header    256 words: the figures of `HeaderWord`, then (start, length) of each section
//   parameters       JSON (ASCII), the whole `Parameters`
//   prefixSlots      2 words a slot: mixed hash, entry + 1 (0: free); linear probing, power of two
//   prefixEntries    4 words an entry: key start, key length << 16 | gateways, list start (or the row of
//                    the only gateway: a list is one cache miss more), parent + 1
//   prefixLists      16 bits each: rows of routing gateways, best first, locked ones last
//   prefixKeys       bytes of all distinct prefixes
//   lengthMasks      32 bits by leading bytes: bit n-1 set where a prefix of n bytes may exist
//   addressSlots     4 words a slot: mixed hash, key start, key length, row of mapping gateway + 1, or
//                    addressListBit | start of a list of them, + 1
//   addressKeys      bytes of "address|" (any port) and "address|port"
//   addressLists     16 bits each: number of rows, rows of mapping gateways, longest tech prefix first
//   mappingRows, routingRows   2 words a gateway: start and length of its JSON
//   gatewayText      JSON (ASCII) of each gateway as core/configuration/snapshot.ts has it
//   rateSlots        2 words a slot: mixed hash, row of the newest rate of a prefix + 1 (0: free); linear
//                    probing; not a power of two, so that it is always half full
//   rateRows         8 words a rate, half a cache line: key, key length | area << 8, shape, effective at (s since
//                    1970, 0: always), expires at (0: never), row of the next older rate of the prefix + 1, low
//                    and high word of the money per `perSeconds` of its shape. With `rateInlineKey` in the length
//                    the key is the prefix itself, a digit in four bits, the last one lowest; else its start
//   rateKeys         bytes of the other prefixes
//   rateTables       2 words a table: first row, mask of lengths below maskLeadingBytes (bit 31: has the
//                    empty prefix); one more at the end. A table's rates are rows in one run
//   rateLengthMasks  as lengthMasks, by table and leading bytes
//   ...Rows          2 words each: start and length of its JSON in billingText (or numberText)
//   dialPlans, dialRules, dialCode   see number-layout.ts
//   groupNameRows, numberText   JSON (ASCII) of each, as above
//   groupLists       a byte a number group: bits of `NumberList`
//   groupSlots, groupEntries, groupKeyLists, groupKeys   as those of prefixes, of the numbers of all groups
//                    with the groups' rows; without parents
//   poolRows, poolSegments, poolPlaces   see number-layout.ts
//   areaSlots, areaEntries, areaLists, areaKeys, areaLengthMasks   as those of prefixes, of mobile prefixes (row
//                    2n of area n) and area codes (2n + 1); areaFigures: the mask of its short lengths
//   areaCodeRows     the code of each area
//   transform...     the same of numbers that stand for others; transformRows has 4 words a row: start and
//                    length of the number inside, then of the callee that leaves, in transformText
//   billingText      JSON (ASCII): accounts, shapes (what rates share), areas, table names, calendars,
//                    period rates, packages, time zones; money in it is a string of units
//
// `parent` is the entry of the longest prefix that is itself a prefix of this one: the longest match
// and its parents are all matches of a number, longest first. Sections start at multiples of 8.

export const snapshotMagic = 0x54444d31;
export const headerWords = 256;
export const prefixEntryWords = 4;
export const addressSlotWords = 4;
/** Rows stay below it. */
export const addressListBit = 0x40000000;
export const rateRowWords = 8;
/** In the length of a rate's key: its digits stand in the row, for a look elsewhere is a cache miss more. */
export const rateInlineKey = 0x80;
/** What fits into a word. */
export const inlineDigitsMax = 8;
/** In the short mask of a rate table: it has a rate for the empty prefix. */
export const emptyPrefixBit = 0x80000000;

/** Longest prefix in bytes; a length mask has one bit a length. */
export const prefixBytesMax = 32;
/** Length masks are chosen by this many leading bytes; shorter prefixes have a mask of their own. */
export const maskLeadingBytes = 4;

export const HeaderWord = {
  magic: 0,
  version: 1,
  bytesUsed: 2,
  /** Mask of the prefix lengths below `maskLeadingBytes`. */
  shortLengthMask: 3,
  /** Entry of the empty prefix + 1; 0: none. */
  emptyPrefixEntry: 4,
  /** Routing gateways below this row are unlocked. */
  unlockedRoutingRows: 5,
  /** 1: a number group is a black list. */
  blackLists: 7,
  /** Bits of `RoutingFlag`. */
  routingFlags: 6,
  sections: 8,
} as const;

export const sectionNames = [
  'parameters',
  'prefixSlots',
  'prefixEntries',
  'prefixLists',
  'prefixKeys',
  'lengthMasks',
  'addressSlots',
  'addressKeys',
  'addressLists',
  'mappingRows',
  'routingRows',
  'gatewayText',
  'rateSlots',
  'rateRows',
  'rateKeys',
  'rateTables',
  'rateLengthMasks',
  'accountRows',
  'rateShapeRows',
  'rateAreaRows',
  'rateTableNameRows',
  'calendarRows',
  'periodRateRows',
  'packageRows',
  'zoneRows',
  'billingText',
  'dialPlans',
  'dialRules',
  'dialCode',
  'groupNameRows',
  'areaCodeRows',
  'numberText',
  'groupLists',
  'groupSlots',
  'groupEntries',
  'groupKeyLists',
  'groupKeys',
  'areaSlots',
  'areaEntries',
  'areaLists',
  'areaKeys',
  'areaLengthMasks',
  'areaFigures',
  'poolRows',
  'poolSegments',
  'poolPlaces',
  'transformSlots',
  'transformEntries',
  'transformLists',
  'transformKeys',
  'transformRows',
  'transformText',
] as const;

export type SectionName = (typeof sectionNames)[number];

/** Bytes of one element of each section. */
export const sectionElementBytes: { readonly [name in SectionName]: 1 | 2 | 4 } = {
  parameters: 1,
  prefixSlots: 4,
  prefixEntries: 4,
  prefixLists: 2,
  prefixKeys: 1,
  lengthMasks: 4,
  addressSlots: 4,
  addressKeys: 1,
  addressLists: 2,
  mappingRows: 4,
  routingRows: 4,
  gatewayText: 1,
  rateSlots: 4,
  rateRows: 4,
  rateKeys: 1,
  rateTables: 4,
  rateLengthMasks: 4,
  accountRows: 4,
  rateShapeRows: 4,
  rateAreaRows: 4,
  rateTableNameRows: 4,
  calendarRows: 4,
  periodRateRows: 4,
  packageRows: 4,
  zoneRows: 4,
  billingText: 1,
  dialPlans: 4,
  dialRules: 4,
  dialCode: 2,
  groupNameRows: 4,
  areaCodeRows: 4,
  numberText: 1,
  groupLists: 1,
  groupSlots: 4,
  groupEntries: 4,
  groupKeyLists: 2,
  groupKeys: 1,
  areaSlots: 4,
  areaEntries: 4,
  areaLists: 2,
  areaKeys: 1,
  areaLengthMasks: 4,
  areaFigures: 4,
  poolRows: 4,
  poolSegments: 4,
  poolPlaces: 4,
  transformSlots: 4,
  transformEntries: 4,
  transformLists: 2,
  transformKeys: 1,
  transformRows: 4,
  transformText: 1,
};

/** Header word that holds the start (bytes from the snapshot's start) of a section; its length in
 *  elements is in the next word. */
export function sectionWord(name: SectionName): number {
  return HeaderWord.sections + sectionNames.indexOf(name) * 2;
}
