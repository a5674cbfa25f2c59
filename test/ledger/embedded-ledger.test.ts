import type { StoreKind } from '../../workers/configuration/open-store.ts';
import { openEmbeddedLedger } from '../../workers/ledger/embedded-ledger.ts';
import { temporaryDirectory } from '../cdr/sample-records.ts';
import { booksSuite } from './books-suite.ts';
import { ledgerSuite } from './ledger-suite.ts';
import { longTextsSuite } from './long-texts-suite.ts';
import { packageSuite } from './package-suite.ts';
import { replaySuite } from './replay-suite.ts';

for (const kind of ['lmdb', 'file'] satisfies StoreKind[]) {
  ledgerSuite(kind, () => openEmbeddedLedger(temporaryDirectory(), { kind }));
  booksSuite(kind, () => openEmbeddedLedger(temporaryDirectory(), { kind }));
  packageSuite(kind, () => openEmbeddedLedger(temporaryDirectory(), { kind }));
  replaySuite(kind, () => openEmbeddedLedger(temporaryDirectory(), { kind }));
  longTextsSuite(kind, () => openEmbeddedLedger(temporaryDirectory(), { kind }));
}
