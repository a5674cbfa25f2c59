// Opens a compiled snapshot: views over the bytes, nothing copied but the parameters. Gateways are
// decoded when first needed and kept, so opening a million prefixes costs microseconds.
import { asMappingGateway, asRoutingGateway } from './gateway-rows.ts';
import type { Parameters } from './model.ts';
import { asciiText, entityAt } from './read-text-rows.ts';
import type {
  BillingTables,
  MappingGateway,
  NumberTables,
  RoutingGateway,
  Snapshot,
  TextRows,
} from './snapshot.ts';
import {
  HeaderWord,
  headerWords,
  type SectionName,
  sectionWord,
  snapshotMagic,
} from './snapshot-layout.ts';

/** `byteOffset` must be a multiple of 8. Throws where the bytes are no snapshot. */
export function openSnapshot(buffer: SharedArrayBuffer | ArrayBuffer, byteOffset = 0): Snapshot {
  const header = new Uint32Array(buffer, byteOffset, headerWords);
  if (header[HeaderWord.magic] !== snapshotMagic) {
    throw new Error(`no compiled snapshot at byte ${byteOffset} of the arena`);
  }
  const words = (name: SectionName): Uint32Array =>
    new Uint32Array(buffer, byteOffset + startOf(header, name), lengthOf(header, name));
  const bytes = (name: SectionName): Uint8Array =>
    new Uint8Array(buffer, byteOffset + startOf(header, name), lengthOf(header, name));
  const halves = (name: SectionName): Uint16Array =>
    new Uint16Array(buffer, byteOffset + startOf(header, name), lengthOf(header, name));
  const parameters = bytes('parameters');
  const text = bytes('gatewayText');
  return {
    version: header[HeaderWord.version]!,
    parameters: JSON.parse(asciiText(parameters, 0, parameters.length)) as Parameters,
    prefixes: {
      slots: words('prefixSlots'),
      entries: words('prefixEntries'),
      lists: halves('prefixLists'),
      keys: bytes('prefixKeys'),
      lengthMasks: words('lengthMasks'),
      shortLengthMask: header[HeaderWord.shortLengthMask]!,
      emptyPrefixEntry: header[HeaderWord.emptyPrefixEntry]! - 1,
    },
    addresses: {
      slots: words('addressSlots'),
      keys: bytes('addressKeys'),
      lists: halves('addressLists'),
    },
    mappingGateways: { rows: words('mappingRows'), text, decoded: [], byName: undefined },
    routingGateways: { rows: words('routingRows'), text, decoded: [], byName: undefined },
    unlockedRoutingRows: header[HeaderWord.unlockedRoutingRows]!,
    numbers: openNumberTables({ words, bytes, halves }, header[HeaderWord.blackLists] === 1),
    routingFlags: header[HeaderWord.routingFlags]!,
    billing: openBilling(words, bytes),
  };
}

/** Views of a section, by the size of its elements. */
interface SectionViews {
  words(name: SectionName): Uint32Array;
  bytes(name: SectionName): Uint8Array;
  halves(name: SectionName): Uint16Array;
}

function openNumberTables(
  { words, bytes, halves }: SectionViews,
  hasBlackLists: boolean,
): NumberTables {
  return {
    dialPlans: words('dialPlans'),
    dialRules: words('dialRules'),
    dialCode: halves('dialCode'),
    decodedPlans: [],
    groups: {
      slots: words('groupSlots'),
      entries: words('groupEntries'),
      lists: halves('groupKeyLists'),
      keys: bytes('groupKeys'),
    },
    groupLists: bytes('groupLists'),
    groupNames: { rows: words('groupNameRows'), text: bytes('numberText'), decoded: [] },
    groupRows: undefined,
    poolRows: words('poolRows'),
    poolSegments: words('poolSegments'),
    poolPlaces: words('poolPlaces'),
    poolsByGroup: undefined,
    hasBlackLists,
    areas: {
      slots: words('areaSlots'),
      entries: words('areaEntries'),
      lists: halves('areaLists'),
      keys: bytes('areaKeys'),
      lengthMasks: words('areaLengthMasks'),
      shortLengthMask: words('areaFigures')[0]!,
      emptyPrefixEntry: -1,
    },
    areaCodes: { rows: words('areaCodeRows'), text: bytes('numberText'), decoded: [] },
    transforms: {
      slots: words('transformSlots'),
      entries: words('transformEntries'),
      lists: halves('transformLists'),
      keys: bytes('transformKeys'),
    },
    transformRows: words('transformRows'),
    transformText: bytes('transformText'),
  };
}

function openBilling(
  words: (name: SectionName) => Uint32Array,
  bytes: (name: SectionName) => Uint8Array,
): BillingTables {
  const text = bytes('billingText');
  const textRows = <Entity>(name: SectionName): TextRows<Entity> => ({
    rows: words(name),
    text,
    decoded: [],
  });
  return {
    rates: {
      slots: words('rateSlots'),
      rows: words('rateRows'),
      keys: bytes('rateKeys'),
      tables: words('rateTables'),
      lengthMasks: words('rateLengthMasks'),
    },
    shapes: textRows('rateShapeRows'),
    minutes: [],
    areas: textRows('rateAreaRows'),
    tableNames: textRows('rateTableNameRows'),
    calendars: textRows('calendarRows'),
    periodRates: textRows('periodRateRows'),
    packages: textRows('packageRows'),
    zones: textRows('zoneRows'),
    accounts: textRows('accountRows'),
  };
}

export function mappingGatewayAt(snapshot: Snapshot, row: number): MappingGateway {
  const rows = snapshot.mappingGateways;
  return rows.decoded[row] ?? entityAt(rows, row, (parsed) => asMappingGateway(snapshot, parsed));
}

export function routingGatewayAt(snapshot: Snapshot, row: number): RoutingGateway {
  const rows = snapshot.routingGateways;
  return rows.decoded[row] ?? entityAt(rows, row, (parsed) => asRoutingGateway(snapshot, parsed));
}

export function mappingGatewayByName(snapshot: Snapshot, name: string): MappingGateway | undefined {
  const rows = snapshot.mappingGateways;
  rows.byName ??= new Map(allMappingGateways(snapshot).map((gateway) => [gateway.name, gateway]));
  return rows.byName.get(name);
}

export function routingGatewayByName(snapshot: Snapshot, name: string): RoutingGateway | undefined {
  const rows = snapshot.routingGateways;
  rows.byName ??= new Map(allRoutingGateways(snapshot).map((gateway) => [gateway.name, gateway]));
  return rows.byName.get(name);
}

/** In order of name. */
export function allMappingGateways(snapshot: Snapshot): MappingGateway[] {
  const count = snapshot.mappingGateways.rows.length / 2;
  return Array.from({ length: count }, (_, row) => mappingGatewayAt(snapshot, row));
}

/** Unlocked ones by priority and name, then the locked ones. */
export function allRoutingGateways(snapshot: Snapshot): RoutingGateway[] {
  const count = snapshot.routingGateways.rows.length / 2;
  return Array.from({ length: count }, (_, row) => routingGatewayAt(snapshot, row));
}

function startOf(header: Uint32Array, name: SectionName): number {
  return header[sectionWord(name)]!;
}

function lengthOf(header: Uint32Array, name: SectionName): number {
  return header[sectionWord(name) + 1]!;
}
