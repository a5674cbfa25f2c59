// Compiles the rules by which a gateway lets numbers pass.
import { numberBytesMax } from '../../core/configuration/limits.ts';
import type {
  MappingNumbersDocument,
  PrefixRuleDocument,
  RoutingNumbersDocument,
} from '../../core/configuration/number-model.ts';
import type {
  StoredPrefixRule,
  StoredScreen,
  StoredSide,
} from '../../core/configuration/open-numbers.ts';
import { byteString } from './byte-string.ts';
import type { Schedules } from './compile-schedules.ts';

type Gateway = MappingNumbersDocument | RoutingNumbersDocument;

/** Null: all may pass. */
export function compileScreen(gateway: Gateway, schedules: Schedules): StoredScreen | null {
  const caller = sideOf(gateway, 'caller');
  const callee = sideOf(gateway, 'callee');
  const { sameCity, scheduledPrefixes = [] } = gateway;
  if (caller === null && callee === null && sameCity === undefined) {
    if (scheduledPrefixes.length === 0) return null;
  }
  return {
    caller,
    callee,
    sameCity:
      sameCity === undefined
        ? null
        : { allow: sameCity.allow, codes: sameCity.codes.map(byteString) },
    scheduled: scheduledPrefixes.map((rule) => ({
      ...prefixRule(rule),
      ...schedules.timeOf(rule),
      side: rule.number,
    })),
  };
}

function sideOf(gateway: Gateway, side: 'caller' | 'callee'): StoredSide | null {
  const prefixes = gateway[`${side}Prefixes`];
  const lengths = gateway[`${side}Lengths`];
  const groups = gateway[`${side}Groups`];
  if (prefixes === undefined && lengths === undefined && groups === undefined) return null;
  return {
    lengths:
      lengths === undefined
        ? null
        : Array.from({ length: numberBytesMax + 1 }, (_, length) => lengths.includes(length)),
    prefixes: prefixes === undefined ? null : prefixRule(prefixes),
    groups: groups === undefined ? null : { allow: groups.allow, names: groups.names },
  };
}

function prefixRule({ allow, prefixes }: PrefixRuleDocument): StoredPrefixRule {
  return { allow, prefixes: prefixes.map(byteString) };
}
