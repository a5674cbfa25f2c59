// The words that the JSON Schemas of openapi.json are made of.
export type Schema = Record<string, unknown>;

export const text: Schema = { type: 'string' };
export const whole: Schema = { type: 'integer' };
export const time: Schema = { type: 'string', format: 'date-time' };
export const maybeTime: Schema = { type: ['string', 'null'], format: 'date-time' };
export const maybeText: Schema = { type: ['string', 'null'] };
export const maybeWhole: Schema = { type: ['integer', 'null'] };
export const yesNo: Schema = { type: 'boolean' };

export function object(
  properties: Record<string, Schema>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required };
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}
