// Compiles the number groups that are caller pools: their numbers in the order of the document, those of each
// account together (layout: core/configuration/number-layout.ts).
import { poolLineSlot } from '../../core/admission/line-limits.ts';
import type { DocumentOf } from '../../core/configuration/model.ts';
import { poolPlaceWords, poolSegmentWords } from '../../core/configuration/number-layout.ts';
import type { KeySets } from '../../core/configuration/snapshot.ts';
import { prefixEntryWords } from '../../core/configuration/snapshot-layout.ts';
import { entryOf, prefixLengthOf } from '../../core/number/prefix-table.ts';
import { byteString } from './byte-string.ts';
import { countPrefixes } from './prefix-text.ts';
import { accountSlotName, numberSlotName, poolGroups } from './slot-registry.ts';

export interface CompiledPools {
  readonly poolRows: Uint32Array;
  readonly poolSegments: Uint32Array;
  readonly poolPlaces: Uint32Array;
}

export interface PoolParts {
  /** Of the numbers of all groups; `members`: entries of the numbers, group by group. */
  readonly keySets: KeySets & { readonly members: Uint32Array };
  readonly texts: readonly Buffer[];
  readonly slots: ReadonlyMap<string, number>;
}

export function compilePools(
  document: DocumentOf<{ readonly name: string }>,
  parts: PoolParts,
): CompiledPools {
  const pools = poolGroups(document);
  const owners = ownersOf(document, parts);
  const rows: number[] = [];
  const segments: number[] = [];
  const places: number[] = [];
  let member = 0;
  for (const [row, { name }] of (document.numberGroups ?? []).entries()) {
    const count = countPrefixes(parts.texts[row]!);
    const members = parts.keySets.members.subarray(member, member + count);
    member += count;
    if (!pools.has(name)) continue;
    const byOwner = new Map<number, number[]>();
    for (const entry of members) {
      const owner = owners.get(entry) ?? 0;
      const entries = byOwner.get(owner);
      if (entries === undefined) byOwner.set(owner, [entry]);
      else entries.push(entry);
    }
    rows.push(row, segments.length / poolSegmentWords, byOwner.size);
    for (const [owner, entries] of byOwner) {
      segments.push(owner, places.length / poolPlaceWords, entries.length);
      for (const entry of entries) places.push(entry, lineOf(entry, parts));
    }
  }
  return {
    poolRows: Uint32Array.from(rows),
    poolSegments: Uint32Array.from(segments),
    poolPlaces: Uint32Array.from(places),
  };
}

/** By entry, the slot of the account that a number is assigned to. */
function ownersOf(
  { accounts }: Pick<DocumentOf<{ readonly name: string }>, 'accounts'>,
  { keySets, slots }: PoolParts,
): Map<number, number> {
  const owners = new Map<number, number>();
  for (const { name, numbers = [] } of accounts) {
    for (const number of numbers) {
      const entry = entryOf(keySets, byteString(number));
      if (entry >= 0) owners.set(entry, slots.get(accountSlotName(name))!);
    }
  }
  return owners;
}

function lineOf(entry: number, { keySets, slots }: PoolParts): number {
  const start = keySets.entries[entry * prefixEntryWords]!;
  const end = start + prefixLengthOf(keySets, entry);
  const number = Buffer.from(keySets.keys.subarray(start, end)).toString('utf8');
  const slot = slots.get(numberSlotName(number));
  if (slot === undefined) throw new Error(`no counter slot for pool number ${number}`);
  return poolLineSlot(slot);
}
