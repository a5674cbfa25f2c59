// How dial plans lie in a snapshot: written by workers/configuration/compile-dial-plans.ts, read by
// core/number/dial-plan.ts.
//
//   dialPlans   4 words a plan: first rule, rules, first unit of its code, units
//   dialRules   6 words a rule, of a plan those that are tried first come first: first element (any: 256)
//               | elements << 16, start of the elements, length test | length << 8, start of the targets,
//               start and length of its text. Starts count from the plan's own code
//   dialCode    16 bits each: elements; targets (their count, then of each: kind, units, the units); texts

export const dialPlanWords = 4;
export const dialRuleWords = 6;

/** In place of a character of the number: any one. */
export const anyCharacter = 256;

export const LengthTestKind = { none: 0, shorter: 1, equal: 2, longer: 3 } as const;

/** Bits of a target's kind. Units of a range: its width, its low end and its count in four units each. */
export const DialTargetKind = { text: 0, range: 1, appends: 2 } as const;

/** Before the units of a target: kind, number of units. */
export const targetHeaderUnits = 2;

/** Units of a target that are no characters. */
export const TargetUnit = { randomDigit: 256, samePlace: 257, tail: 258 } as const;

export const transformRowWords = 4;

// poolRows       3 words a group that is a caller pool: its row, first segment, segments
// poolSegments   3 words: slot of the account that the numbers are assigned to (0: nobody), first place, places
// poolPlaces     2 words a number, in the order of the group: entry of the number, its line slot

export const poolWords = 3;
export const poolSegmentWords = 3;
export const poolPlaceWords = 2;
