// Fields of the documented configuration that this version cannot act on. They are refused by name, so
// that nobody believes a rule to be in force that is not.

const everyGateway = ['minProfitPercent', 'reservedLines'];
const authSecrets = ['password', 'username', 'tls'];

/** By the name of the collection that the object with the field stands in; '' is the document. */
const unsupportedFields: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', new Set(['gatewayGroups'])],
  ['accounts', new Set(['node'])],
  [
    'mappingGateways',
    new Set([
      ...everyGateway,
      ...authSecrets,
      'groups',
      'routingGroups',
      'routingGateways',
      'firstRoutePolicy',
      'secondRoutePolicy',
    ]),
  ],
  [
    'routingGateways',
    new Set([...everyGateway, ...authSecrets, 'groups', 'weight', 'protect', 'leastCostRouting']),
  ],
]);

export function isUnsupportedField(collection: string, field: string): boolean {
  return unsupportedFields.get(collection)?.has(field) ?? false;
}
