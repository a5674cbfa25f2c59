// The price of a call by a document that no engine runs on (`tandem rate` on a data directory without a
// node): compiled as the engine would, asked once, dropped.
import {
  explainRate,
  type RateExplanation,
  type RateRequest,
} from '../../core/billing/explain-rate.ts';
import type { ConfigurationDocument } from '../../core/configuration/model.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import { compileSnapshot } from './compile-snapshot.ts';
import { slotNames } from './slot-registry.ts';

/** A text where the request names an account that does not exist. */
export function quoteDocument(
  document: ConfigurationDocument,
  version: number,
  request: RateRequest,
): RateExplanation | string {
  // Gateways have no part in a quote.
  const priced = { ...document, mappingGateways: [], routingGateways: [] };
  const slots = new Map(slotNames(priced).map((name, index) => [name, index + 1]));
  const compiled = compileSnapshot(priced, version, slots);
  const arena = new ArrayBuffer(compiled.bytesNeeded);
  compiled.writeInto(arena);
  return explainRate(openSnapshot(arena), request);
}
