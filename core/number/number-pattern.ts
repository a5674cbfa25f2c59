// Lists of numbers as the parameters spell them: "?" stands for one character, "*" for any run of them.

export function matchesAny(patterns: readonly string[], number: string): boolean {
  for (const pattern of patterns) if (matches(pattern, number)) return true;
  return false;
}

/** Goes back to the latest "*" only, so the cost is at most the product of both lengths. */
function matches(pattern: string, number: string): boolean {
  let at = 0;
  let place = 0;
  let starPlace = -1;
  let starAt = 0;
  while (at < number.length) {
    const wanted = pattern[place];
    if (wanted === '*') {
      starPlace = place++;
      starAt = at;
    } else if (wanted === '?' || wanted === number[at]) {
      place++;
      at++;
    } else if (starPlace >= 0) {
      place = starPlace + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[place] === '*') place++;
  return place === pattern.length;
}
