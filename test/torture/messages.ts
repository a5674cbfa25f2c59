// The 49 cases of RFC 4475, each with its own verdict.
import { invalidMessages } from './invalid-messages.ts';
import { layerMessages } from './layer-messages.ts';
import type { TortureMessage } from './torture-message.ts';
import { validMessages } from './valid-messages.ts';

export const tortureMessages: readonly TortureMessage[] = [
  ...validMessages,
  ...invalidMessages,
  ...layerMessages,
];
