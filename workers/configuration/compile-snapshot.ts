// Compiles a checked document into the bytes that call workers run from: measured first, then written
// into the arena that the caller hands in (layout: core/configuration/snapshot-layout.ts).
import {
  type ConfigurationDocument,
  type DocumentOf,
  defaultParameters,
  type Parameters,
} from '../../core/configuration/model.ts';
import {
  HeaderWord,
  headerWords,
  type SectionName,
  sectionElementBytes,
  sectionNames,
  sectionWord,
  snapshotMagic,
} from '../../core/configuration/snapshot-layout.ts';
import { compareGateways, compareNames } from '../../core/routing/gateway-order.ts';
import { compileAddresses } from './compile-addresses.ts';
import { type AccountCells, compileBilling } from './compile-billing.ts';
import type { AccountFraudLimit } from './compile-fraud-limits.ts';
import { mappingRow, type Places, routingFlags, routingRow, slotOf } from './compile-gateways.ts';
import { hasBlackLists } from './compile-number-groups.ts';
import { createNumberCompiler } from './compile-numbers.ts';
import type { AccountPackage } from './compile-packages.ts';
import { compilePrefixes } from './compile-prefixes.ts';
import { compileRates } from './compile-rates.ts';
import { createSchedules } from './compile-schedules.ts';
import type { PackedTable } from './packed-rates.ts';
import { prefixText } from './prefix-text.ts';
import { packTables } from './rates-builder.ts';
import { accountSlotName, fraudSlotName, packageSlotName } from './slot-registry.ts';
import { asciiJson, textRows } from './text-rows.ts';

export interface CompiledSnapshot {
  readonly bytesNeeded: number;
  readonly accountCells: AccountCells;
  readonly fraudLimits: readonly AccountFraudLimit[];
  readonly packages: readonly AccountPackage[];
  /** `byteOffset`: a multiple of 8. */
  writeInto(buffer: SharedArrayBuffer | ArrayBuffer, byteOffset?: number): void;
}

type Section = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** What is many, in the form in which it is stored. */
export interface BulkParts {
  /** Of each routing gateway (prefix-text.ts). */
  readonly prefixTexts: readonly Buffer[];
  /** Of each number group. */
  readonly numberTexts: readonly Buffer[];
  readonly rateTables: readonly PackedTable[];
}

/** `slots`: from slot-registry.ts, for every gateway of the document. */
export function compileSnapshot(
  document: ConfigurationDocument,
  version: number,
  slots: ReadonlyMap<string, number>,
): CompiledSnapshot {
  const prefixTexts = document.routingGateways.map(({ prefixes }) => prefixText(prefixes));
  const numberTexts = document.numberGroups.map(({ numbers }) => prefixText(numbers));
  const rateTables = packTables(document.rateTables);
  return compileParts(document, { version, slots }, { prefixTexts, numberTexts, rateTables });
}

/** Of `document` itself neither prefixes nor numbers nor rates are read. */
export function compileParts(
  document: DocumentOf<{ readonly name: string }>,
  { version, slots }: { readonly version: number; readonly slots: ReadonlyMap<string, number> },
  { prefixTexts, numberTexts, rateTables }: BulkParts,
): CompiledSnapshot {
  const mapping = document.mappingGateways.toSorted((left, right) =>
    compareNames(left.name, right.name),
  );
  const routing = document.routingGateways.toSorted(
    (left, right) => Number(left.locked) - Number(right.locked) || compareGateways(left, right),
  );
  const textOf = new Map(
    document.routingGateways.map((gateway, at) => [gateway, prefixTexts[at]!]),
  );
  const prefixes = compilePrefixes(routing.map((gateway) => textOf.get(gateway)!));
  const addresses = compileAddresses(mapping);
  const rates = compileRates(rateTables);
  const schedules = createSchedules(document);
  const billing = compileBilling(document, rates, schedules.calendars, {
    account: (name) => slotOf(slots, accountSlotName(name)),
    fraudLimit: (account, prefix) => slotOf(slots, fraudSlotName(account, prefix)),
    packageCounter: (account, key, part) => slotOf(slots, packageSlotName(account, key, part)),
  });
  const parameters: Parameters = { ...defaultParameters, ...document.parameters };
  const numbers = createNumberCompiler(document, parameters, { numberTexts, slots, schedules });
  const places: Places = {
    parameters,
    slots,
    accountRow: billing.accountRow,
    groups: new Map((document.gatewayGroups ?? []).map((group) => [group.name, group])),
    schedules,
    numbers,
  };
  const gateways = textRows([
    mapping.map((gateway) => mappingRow(gateway, places)),
    routing.map((gateway) => routingRow(gateway, places)),
  ]);
  const sections: { readonly [name in SectionName]: Section } = {
    parameters: Buffer.from(asciiJson(parameters), 'latin1'),
    prefixSlots: prefixes.slots,
    prefixEntries: prefixes.entries,
    prefixLists: prefixes.lists,
    prefixKeys: prefixes.keys,
    lengthMasks: prefixes.lengthMasks,
    addressSlots: addresses.slots,
    addressKeys: addresses.keys,
    addressLists: addresses.lists,
    mappingRows: gateways.rows[0]!,
    routingRows: gateways.rows[1]!,
    gatewayText: gateways.bytes,
    rateSlots: rates.slots,
    rateRows: rates.rows,
    rateKeys: rates.keys,
    rateTables: rates.tables,
    rateLengthMasks: rates.lengthMasks,
    ...billing.sections,
    ...numbers.sections(),
  };
  const header = new Uint32Array(headerWords);
  header[HeaderWord.magic] = snapshotMagic;
  header[HeaderWord.version] = version;
  header[HeaderWord.shortLengthMask] = prefixes.shortLengthMask;
  header[HeaderWord.emptyPrefixEntry] = prefixes.emptyPrefixEntry + 1;
  header[HeaderWord.blackLists] = hasBlackLists(document) ? 1 : 0;
  header[HeaderWord.routingFlags] = routingFlags(routing);
  header[HeaderWord.unlockedRoutingRows] = routing.filter((gateway) => !gateway.locked).length;
  const { cells: accountCells, fraudLimits, packages } = billing;
  return { ...assemble(header, sections), accountCells, fraudLimits, packages };
}

function assemble(
  header: Uint32Array,
  sections: { readonly [name in SectionName]: Section },
): Pick<CompiledSnapshot, 'bytesNeeded' | 'writeInto'> {
  let end = headerWords * 4;
  for (const name of sectionNames) {
    header[sectionWord(name)] = end;
    header[sectionWord(name) + 1] = sections[name].length;
    end = Math.ceil((end + sections[name].length * sectionElementBytes[name]) / 8) * 8;
  }
  header[HeaderWord.bytesUsed] = end;
  return {
    bytesNeeded: end,
    writeInto: (buffer, byteOffset = 0) => {
      const arena = new Uint8Array(buffer, byteOffset, end);
      for (const name of sectionNames) {
        arena.set(bytesOf(sections[name]), header[sectionWord(name)]!);
      }
      arena.set(bytesOf(header), 0);
    },
  };
}

function bytesOf(section: Section): Uint8Array {
  return new Uint8Array(section.buffer, section.byteOffset, section.byteLength);
}
