// Objects as JSON text with a table of where each one starts: how a snapshot holds what is decoded on
// first use (core/configuration/snapshot-layout.ts).

export interface TextRowGroups {
  /** Two words an object, one table a group. */
  readonly rows: readonly Uint32Array[];
  readonly bytes: Uint8Array;
}

/** All groups share one text. */
export function textRows(groups: readonly (readonly unknown[])[]): TextRowGroups {
  const texts: string[] = [];
  let start = 0;
  const rows = groups.map((group) => {
    const table = new Uint32Array(group.length * 2);
    for (const [row, entity] of group.entries()) {
      const text = asciiJson(entity);
      table.set([start, text.length], row * 2);
      start += text.length;
      texts.push(text);
    }
    return table;
  });
  return { rows, bytes: Buffer.from(texts.join(''), 'latin1') };
}

/** Readers build strings byte by byte, so everything beyond ASCII is escaped. Money is text of units. */
export function asciiJson(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? each.toString() : each,
  );
  return text.replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
