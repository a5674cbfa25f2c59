// Task of the Piscina pool: the price of a call (`tandem rate`) by the snapshot that is in force. Called by
// its exported name: `pool.run(request, { name: 'quoteRate' })`. It reads the arena while it runs, so it
// counts among the arena's readers.
import { explainRate, type RateExplanation } from '../../core/billing/explain-rate.ts';
import { openSnapshot } from '../../core/configuration/open-snapshot.ts';
import type { QuoteRequest } from '../admin-messages.ts';

export interface QuoteTask {
  readonly arena: SharedArrayBuffer;
  readonly request: QuoteRequest;
}

/** Throws where the request names what does not exist; the message is for the person who asked. */
export function quoteRate({ arena, request }: QuoteTask): RateExplanation {
  const explanation = explainRate(openSnapshot(arena), request);
  if (typeof explanation === 'string') throw new Error(explanation);
  return explanation;
}
