// A rate table copied with a mark-up: what a vendor's deck becomes for customers.
import { type MarkUp, markUpFee, markUpPrice } from '../../core/billing/mark-up.ts';
import { moneyText, parseMoney } from '../../core/money.ts';
import { type PackedRates, prefixAt, type RateTerms } from './packed-rates.ts';
import { decimalsOf, RatesBuilder } from './rates-builder.ts';

export interface MarkUpTexts {
  /** Decimal strings, with a minus where it gets cheaper; "0": none. */
  readonly percent: string;
  readonly perMinute: string;
  readonly decimals: number;
}

export type CopiedRates =
  | { readonly ok: true; readonly rates: PackedRates }
  | { readonly ok: false; readonly reason: string };

/** As a balance has room for; beyond it no rate is accepted. */
const priceMax = 9_000_000_000_000_000_000n;

export function copyRates(source: PackedRates, texts: MarkUpTexts): CopiedRates {
  const markUp: MarkUp = {
    percent: parseMoney(texts.percent)!,
    perMinute: parseMoney(texts.perMinute)!,
    decimals: texts.decimals,
  };
  const builder = new RatesBuilder(source.count);
  const shapes: number[] = [];
  for (const shape of source.shapeList) {
    const dearer = markedUpTerms(shape, markUp);
    if (dearer === undefined) {
      const reason = `connectionFee or sections: ${shape.connectionFee}: expected fees from 0 to 90000000000 after the mark-up`;
      return { ok: false, reason };
    }
    shapes.push(builder.shape(dearer));
  }
  const areas = source.areaList.map((area) => builder.area(area));
  const times = source.timeList.map((time) => builder.time(time));
  for (let row = 0; row < source.count; row++) {
    const shape = source.shapes[row]!;
    const perSeconds = source.shapeList[shape]!.cycleSeconds ?? 60;
    const price = markUpPrice(source.prices[row]!, perSeconds, markUp);
    if (price === undefined || price > priceMax) {
      const shown = moneyText(source.prices[row]!);
      const reason = `prefix ${JSON.stringify(prefixAt(source, row))}: ${shown}: expected a rate from 0 to 90000000000 after the mark-up`;
      return { ok: false, reason };
    }
    const words = [
      shapes[shape]!,
      areas[source.areas[row]!]!,
      times[source.from[row]!]!,
      times[source.until[row]!]!,
    ] as const;
    builder.add(prefixAt(source, row), price, decimalsOf(moneyText(price)), words);
  }
  return { ok: true, rates: builder.build().rates };
}

function markedUpTerms(terms: RateTerms, markUp: MarkUp): RateTerms | undefined {
  let isFine = true;
  const fee = (text: string): string => {
    const marked = markUpFee(parseMoney(text)!, markUp);
    if (marked === undefined || marked > priceMax) isFine = false;
    return moneyText(marked ?? 0n);
  };
  const sections = terms.sections?.map((section) => ({ ...section, fee: fee(section.fee) }));
  const marked = {
    ...terms,
    connectionFee: fee(terms.connectionFee),
    ...(sections === undefined ? {} : { sections }),
  };
  return isFine ? marked : undefined;
}
