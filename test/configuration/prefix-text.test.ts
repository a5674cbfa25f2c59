// A stored document taken apart without a string per prefix.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import {
  countPrefixes,
  prefixText,
  readPrefix,
  splitDocument,
} from '../../workers/configuration/prefix-text.ts';

function documentOf(gateways: readonly { name: string; prefixes: string[] }[]): Buffer {
  return Buffer.from(
    JSON.stringify({ parameters: { SS_MAXCPS: 0 }, accounts: [], routingGateways: gateways }),
  );
}

function readAll(text: Buffer): string[] {
  const reader = { text, at: 0 };
  const into = Buffer.alloc(text.length);
  const prefixes: string[] = [];
  for (let length = readPrefix(reader, into, 0); length >= 0; ) {
    prefixes.push(into.toString('utf8', 0, length));
    length = readPrefix(reader, into, 0);
  }
  return prefixes;
}

describe('a stored document', () => {
  const awkward = ['', '44', ']', '[', ',', '"', '\\', '\\"', 'é', '\n', '"prefixes":[', '"]'];

  it('is split into the document without prefixes and their texts', () => {
    const gateways = [
      { name: 'one', prefixes: ['44', '4420'] },
      { name: 'none', prefixes: [] },
      { name: 'x","prefixes":["9"],"y', prefixes: awkward },
    ];
    const { document, prefixes } = splitDocument(documentOf(gateways));
    assert.deepEqual(prefixes.map(readAll), [['44', '4420'], [], awkward]);
    assert.deepEqual(prefixes.map(countPrefixes), [2, 0, awkward.length]);
    assert.deepEqual(document.parameters, { SS_MAXCPS: 0 });
    assert.deepEqual(
      document.routingGateways.map(({ name, prefixes }) => ({ name, prefixes })),
      gateways.map(({ name }) => ({ name, prefixes: [] })),
    );
  });

  it('leaves the prefixes of gifts where they are', () => {
    const packages = [{ name: 'bundle', gifts: [{ prefixes: ['49'] }] }];
    const gateways = [{ name: 'one', prefixes: ['44'] }];
    const text = JSON.stringify({ packages, mappingGateways: [], routingGateways: gateways });
    const { document, prefixes } = splitDocument(Buffer.from(text));
    assert.deepEqual(prefixes.map(readAll), [['44']]);
    assert.deepEqual(document.packages, packages);
  });

  it('is refused where a gateway has no list, or a list has no end', () => {
    const lacking = { routingGateways: [{ name: 'one' }] } as unknown as ConfigurationDocument;
    assert.throws(
      () => splitDocument(Buffer.from(JSON.stringify(lacking))),
      /0 lists of prefixes: expected one for each of 1 routing gateways/,
    );
    const cut = documentOf([{ name: 'one', prefixes: ['44', '45'] }]).toString();
    assert.throws(
      () => splitDocument(Buffer.from(cut.slice(0, cut.indexOf('"45"')))),
      /a list of prefixes has no end/,
    );
    assert.throws(
      () => splitDocument(Buffer.from(cut.slice(0, cut.indexOf('45"') + 1))),
      /a prefix has no end/,
    );
  });

  it('reads the text of a list in memory the same way', () => {
    assert.deepEqual(readAll(prefixText(awkward)), awkward);
  });
});
