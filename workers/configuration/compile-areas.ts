// Compiles mobile areas: one prefix table of mobile prefixes and area codes.
import type { DocumentOf } from '../../core/configuration/model.ts';
import { compilePrefixes } from './compile-prefixes.ts';
import { prefixText } from './prefix-text.ts';

export interface CompiledAreas {
  readonly areaSlots: Uint32Array;
  readonly areaEntries: Uint32Array;
  readonly areaLists: Uint16Array;
  readonly areaKeys: Uint8Array;
  readonly areaLengthMasks: Uint32Array;
  readonly areaFigures: Uint32Array;
}

export function compileAreas({
  mobileAreas = [],
}: Pick<DocumentOf<{ readonly name: string }>, 'mobileAreas'>): CompiledAreas {
  const table = compilePrefixes(
    mobileAreas.flatMap(({ areaCode, prefixes }) => [prefixText(prefixes), prefixText([areaCode])]),
  );
  return {
    areaSlots: table.slots,
    areaEntries: table.entries,
    areaLists: table.lists,
    areaKeys: table.keys,
    areaLengthMasks: table.lengthMasks,
    areaFigures: Uint32Array.of(table.shortLengthMask),
  };
}
