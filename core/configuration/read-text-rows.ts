// Objects of a snapshot that are kept as JSON text (ASCII) with a table of where each one starts: decoded when
// first asked for, then kept as long as the snapshot.
import type { TextRows } from './snapshot.ts';

export function entityAt<Entity>(
  rows: TextRows<Entity>,
  row: number,
  decode: (parsed: unknown) => Entity,
): Entity {
  const known = rows.decoded[row];
  if (known !== undefined) return known;
  const entity = decode(rowText(rows, row));
  rows.decoded[row] = entity;
  return entity;
}

/** The parsed JSON of a row. */
export function rowText<Entity>(rows: TextRows<Entity>, row: number): unknown {
  const start = rows.rows[row * 2];
  const length = rows.rows[row * 2 + 1];
  if (start === undefined || length === undefined) throw new Error(`nothing at row ${row}`);
  return JSON.parse(asciiText(rows.text, start, length));
}

export function asciiText(bytes: Uint8Array, start: number, length: number): string {
  let text = '';
  for (let at = start; at < start + length; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
