// Fields of the documented configuration that this version cannot act on. They are refused by name, so
// that nobody believes a rule to be in force that is not.

const authSecrets = ['password', 'username', 'tls'];

/** By the name of the collection that the object with the field stands in. */
const unsupportedFields: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['mappingGateways', new Set(authSecrets)],
  [
    'routingGateways',
    // Switching after RTP waits for the media of this node.
    new Set([...authSecrets, 'switchAllowRtp']),
  ],
]);

export function isUnsupportedField(collection: string, field: string): boolean {
  return unsupportedFields.get(collection)?.has(field) ?? false;
}
