// What the schema and the checks say of a document that a test writes.
import assert from 'node:assert/strict';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { checkDocument } from '../../workers/configuration/document-checks.ts';
import { parseDocument } from '../../workers/configuration/document-schema.ts';
import { type NewTables, storedForm } from '../../workers/configuration/stored-document.ts';

export function problemsOf(input: unknown): string[] {
  const parsed = parseDocument(input);
  return parsed.ok ? [] : parsed.problems.map((problem) => problem.text);
}

export function documentOf(input: unknown): ConfigurationDocument {
  const parsed = parseDocument(input);
  assert.ok(parsed.ok, JSON.stringify(problemsOf(input)));
  return parsed.document;
}

export function findingsOf(input: unknown): { problems: string[]; warnings: readonly string[] } {
  const tables: NewTables = new Map();
  const document = storedForm(documentOf(input), tables);
  const { problems, warnings } = checkDocument(
    document,
    document,
    ({ id }) => tables.get(id)!.rates,
  );
  return { problems: problems.map((problem) => problem.text), warnings };
}
