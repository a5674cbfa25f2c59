// A compiled snapshot of a document written in a test, by the same schema, compiler and reader as in
// production. Gateways get slots 1, 2, ... in document order, mapping gateways first.
import assert from 'node:assert/strict';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { Snapshot } from '../../core/configuration/snapshot.ts';
import { compileSnapshot } from '../../workers/configuration/compile-snapshot.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { slotNames } from '../../workers/configuration/slot-registry.ts';

export function snapshotOf(document: unknown, version = 1): Snapshot {
  const parsed = parseDocument(document);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems.map((problem) => problem.text).join('\n'));
  const slots = new Map(slotNames(parsed.document).map((name, index) => [name, index + 1]));
  const compiled = compileSnapshot(parsed.document, version, slots);
  const arena = new SharedArrayBuffer(compiled.bytesNeeded);
  compiled.writeInto(arena);
  return openSnapshot(arena);
}
