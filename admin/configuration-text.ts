// Configuration documents as people send and get them: YAML or JSON.
import { parse, stringify } from 'yaml';
import type { ConfigurationDocument } from '../core/configuration/model.ts';
import { RequestRefused } from './problem.ts';

export type DocumentFormat = 'json' | 'yaml';

/** A million prefixes in JSON are some 12 MB. */
export const documentBytesMax: number = 64 << 20;
/** YAML costs about a hundred times its size in memory while it is read. */
const yamlBytesMax = 8 << 20;
/** Against documents that unfold from a few lines into gigabytes. */
const aliasesMax = 100;

/** @throws RequestRefused */
export function parseDocumentText(text: string, format: DocumentFormat): unknown {
  if (format === 'yaml' && text.length > yamlBytesMax) {
    throw new RequestRefused(
      'body-too-large',
      `a YAML document of ${text.length} bytes: expected at most ${yamlBytesMax}; send it as JSON`,
    );
  }
  try {
    if (format === 'json') return JSON.parse(text);
    // An empty file means an empty document.
    return parse(text, { maxAliasCount: aliasesMax, prettyErrors: true }) ?? {};
  } catch (error) {
    throw new RequestRefused('document-unreadable', (error as Error).message.slice(0, 500));
  }
}

export function documentText(document: ConfigurationDocument, format: DocumentFormat): string {
  if (format === 'json') return `${JSON.stringify(document, null, 2)}\n`;
  // Anchors for equal lists would read like references that mean something.
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
