// The free seconds of the packages that accounts have ordered: which slot of counters each has, and what the main
// thread, which keeps them, has to know.
import type { DocumentOf, PackageDocument } from '../../core/configuration/model.ts';
import type { ZoneOffsets } from '../../core/configuration/snapshot.ts';
import { nodeTimeZone, zoneOffsets } from './time-zones.ts';

/** One gift of one account; crosses from the task pool. */
export interface AccountGift {
  readonly slot: number;
  readonly account: string;
  readonly packageName: string;
  readonly gift: number;
  readonly seconds: number;
  readonly period: PackageDocument['period'];
  readonly zone: ZoneOffsets;
}

export interface CompiledGifts {
  readonly all: readonly AccountGift[];
  /** Slots by gift of the package. */
  readonly of: (account: { readonly name: string }, packageName: string) => readonly number[];
}

export function compileGifts(
  { accounts, packages }: Pick<DocumentOf<{ readonly name: string }>, 'accounts' | 'packages'>,
  slotOf: (account: string, packageName: string, gift: number) => number,
): CompiledGifts {
  const known = new Map(packages.map((each) => [each.name, each]));
  const all: AccountGift[] = [];
  const slots = new Map<string, number[]>();
  for (const account of accounts) {
    for (const ordered of new Set(account.packages.map((order) => order.package))) {
      const { gifts = [], timeZone, period } = known.get(ordered) ?? {};
      const zone = zoneOffsets(timeZone ?? nodeTimeZone());
      const ofPackage = gifts.map(({ seconds }, gift) => {
        const slot = slotOf(account.name, ordered, gift);
        const terms = { packageName: ordered, gift, seconds, period: period ?? 'month', zone };
        all.push({ slot, account: account.name, ...terms });
        return slot;
      });
      slots.set(`${account.name}\n${ordered}`, ofPackage);
    }
  }
  return { all, of: ({ name }, ordered) => slots.get(`${name}\n${ordered}`) ?? [] };
}
