// In which order candidates are tried: longer prefix, then smaller priority number, then name. The
// compiler stores gateways and their lists in this order, so a call only walks; later keys (quality,
// price, use) sort the few candidates of a call with this comparator as their last word.

export interface GatewayOrderKeys {
  readonly prefixLength: number;
  readonly priority: number;
  readonly name: string;
}

export function compareCandidates(left: GatewayOrderKeys, right: GatewayOrderKeys): number {
  return right.prefixLength - left.prefixLength || compareGateways(left, right);
}

/** The order among gateways with prefixes of one length. */
export function compareGateways(
  left: { readonly priority: number; readonly name: string },
  right: { readonly priority: number; readonly name: string },
): number {
  return left.priority - right.priority || compareNames(left.name, right.name);
}

/** By code unit: the same on every machine and in every locale. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
