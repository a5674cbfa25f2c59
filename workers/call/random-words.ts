// Unpredictable 32-bit words for tags, branches and Call-IDs, drawn from the system in large portions:
// one call into OpenSSL for a thousand words.
import { randomFillSync } from 'node:crypto';

const portionWords = 1024;

export function createRandomWords(): () => number {
  const words = new Uint32Array(portionWords);
  let used = portionWords;
  return () => {
    if (used === portionWords) {
      randomFillSync(words);
      used = 0;
    }
    const word = words[used]!;
    // A word that was handed out stays nowhere.
    words[used++] = 0;
    return word;
  };
}
