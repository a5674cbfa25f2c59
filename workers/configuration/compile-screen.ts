// Compiles the rules by which a gateway lets numbers pass.
import { numberBytesMax } from '../../core/configuration/limits.ts';
import type {
  CityRuleDocument,
  MappingNumbersDocument,
  NumberKindName,
  PairRuleDocument,
  PrefixRuleDocument,
  RoutingNumbersDocument,
} from '../../core/configuration/number-model.ts';
import { NumberKind, type PairRule } from '../../core/configuration/number-rules.ts';
import type {
  StoredCityRule,
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
  const sameCity = cityRule(gateway.sameCity);
  const mobileArea = cityRule(gateway.mobileArea);
  const pairs = pairRule(gateway.callerCallee);
  const { scheduledPrefixes = [] } = gateway;
  const rules = [caller, callee, sameCity, mobileArea, pairs];
  if (rules.every((rule) => rule === null) && scheduledPrefixes.length === 0) return null;
  return {
    caller,
    callee,
    sameCity,
    mobileArea,
    pairs,
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
  const kinds = kindBits(gateway[`${side}Kinds`]);
  const hasLists = prefixes !== undefined || lengths !== undefined || groups !== undefined;
  if (!hasLists && kinds === 0) return null;
  return {
    lengths:
      lengths === undefined
        ? null
        : Array.from({ length: numberBytesMax + 1 }, (_, length) => lengths.includes(length)),
    prefixes: prefixes === undefined ? null : prefixRule(prefixes),
    groups: groups === undefined ? null : { allow: groups.allow, names: groups.names },
    kinds,
  };
}

function kindBits(names: readonly NumberKindName[] | undefined): number {
  return (names ?? []).reduce((bits, kind) => bits | NumberKind[kind], 0);
}

export function cityRule(rule: CityRuleDocument | undefined): StoredCityRule | null {
  return rule === undefined ? null : { allow: rule.allow, codes: rule.codes.map(byteString) };
}

function pairRule(rule: PairRuleDocument | undefined): PairRule | null {
  if (rule === undefined) return null;
  const pairs = rule.pairs.map((text) => {
    const [caller = '', callee = ''] = byteString(text).split(':');
    return { caller, callee };
  });
  return { allow: rule.allow, pairs };
}

export function prefixRule({ allow, prefixes }: PrefixRuleDocument): StoredPrefixRule {
  return { allow, prefixes: prefixes.map(byteString) };
}
