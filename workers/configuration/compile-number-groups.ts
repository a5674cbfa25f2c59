// Compiles number groups and the transform table: keys in shared memory, looked up whole. Numbers of groups come
// as text (prefix-text.ts): hundreds of thousands of them never become strings.
import type { DocumentOf } from '../../core/configuration/model.ts';
import { transformRowWords } from '../../core/configuration/number-layout.ts';
import type {
  NumberListName,
  NumberTransformDocument,
} from '../../core/configuration/number-model.ts';
import { NumberList } from '../../core/configuration/snapshot.ts';
import { type CompiledPools, compilePools } from './compile-pools.ts';
import { compileKeySets } from './compile-prefixes.ts';
import { prefixText } from './prefix-text.ts';

type Document = DocumentOf<{ readonly name: string }>;

const listBits: { readonly [name in NumberListName]: number } = {
  white: NumberList.white,
  black: NumberList.callerBlack | NumberList.calleeBlack,
  callerBlack: NumberList.callerBlack,
  calleeBlack: NumberList.calleeBlack,
};

export interface CompiledGroups extends CompiledPools {
  readonly groupLists: Uint8Array;
  readonly groupSlots: Uint32Array;
  readonly groupEntries: Uint32Array;
  readonly groupKeyLists: Uint16Array;
  readonly groupKeys: Uint8Array;
}

export function compileGroups(
  document: Document,
  texts: readonly Buffer[],
  slots: ReadonlyMap<string, number>,
): CompiledGroups {
  const keySets = compileKeySets(texts);
  return {
    ...compilePools(document, { keySets, texts, slots }),
    groupLists: Uint8Array.from(document.numberGroups ?? [], ({ list }) =>
      list === undefined ? 0 : listBits[list],
    ),
    groupSlots: keySets.slots,
    groupEntries: keySets.entries,
    groupKeyLists: keySets.lists,
    groupKeys: keySets.keys,
  };
}

export function hasBlackLists({ numberGroups = [] }: Document): boolean {
  return numberGroups.some(({ list }) => list !== undefined && list !== 'white');
}

export interface CompiledTransforms {
  readonly transformSlots: Uint32Array;
  readonly transformEntries: Uint32Array;
  readonly transformLists: Uint16Array;
  readonly transformKeys: Uint8Array;
  readonly transformRows: Uint32Array;
  readonly transformText: Uint8Array;
}

export function compileTransforms({ numberTransforms = [] }: Document): CompiledTransforms {
  const { slots, entries, lists, keys } = compileKeySets(
    numberTransforms.map((each) => prefixText(transformKeys(each))),
  );
  const rows = new Uint32Array(numberTransforms.length * transformRowWords);
  const texts: string[] = [];
  let start = 0;
  for (const [row, { name, callee = '' }] of numberTransforms.entries()) {
    const lengths = [Buffer.byteLength(name), Buffer.byteLength(callee)] as const;
    rows.set([start, lengths[0], start + lengths[0], lengths[1]], row * transformRowWords);
    start += lengths[0] + lengths[1];
    texts.push(name, callee);
  }
  return {
    transformSlots: slots,
    transformEntries: entries,
    transformLists: lists,
    transformKeys: keys,
    transformRows: rows,
    transformText: Buffer.from(texts.join(''), 'utf8'),
  };
}

/** "c": the caller outside; "e": the number inside, where it leaves as another. */
function transformKeys({ name, caller, callee }: NumberTransformDocument): string[] {
  return [
    ...(caller === undefined ? [] : [`c${caller}`]),
    ...(callee === undefined ? [] : [`e${name}`]),
  ];
}
