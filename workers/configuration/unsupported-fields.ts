// Fields of the documented configuration that this version cannot act on. They are refused by name, so
// that nobody believes a rule to be in force that is not.

/** Of what is done to media. */
export const mediaNotYet = ': media does not pass this node yet';

const secrets: readonly [string, string][] = ['password', 'username', 'tls'].map((field) => [
  field,
  '',
]);
const everyGateway: readonly [string, string][] = [
  ...secrets,
  ...['maxCallRate', 'maxCallRateUnit'].map((field): [string, string] => [
    field,
    ': cpsLimit is in calls a second',
  ]),
];

/** By the name of the collection that the object with the field stands in: what is added to the refusal. */
const unsupportedFields: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['mappingGateways', new Map(everyGateway)],
  ['routingGateways', new Map([...everyGateway, ['switchAllowRtp', mediaNotYet]])],
]);

/** Undefined: no such field is known at all. */
export function unsupportedField(collection: string, field: string): string | undefined {
  const why = unsupportedFields.get(collection)?.get(field);
  return why === undefined
    ? undefined
    : `is not supported by this version${why}; expected: leave it out`;
}
