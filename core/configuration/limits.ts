// How large a configuration may be. A document beyond one of these is refused by name.

/** Mapping and routing gateways and gateway groups: each has a slot of the counter block, slot 0 is the node. */
export const gatewaysMax = 16_383;
export const groupsPerGatewayMax = 16;
/** Names in one list of gateways or groups. */
export const namesPerListMax = 1_000;
export const schedulesPerGatewayMax = 32;
export const weightMax = 10_000;
export const protectDelaySecondsMax = 180;
/** Of an attempt in one of its states. */
export const attemptSecondsMax = 600;
export const failureCodesMax = 200;
export const accountsMax = 100_000;
export const rateTablesMax = 10_000;
/** Over all rate tables. */
export const ratesMax = 5_000_000;
/** Over all routing gateways. */
export const prefixesMax = 5_000_000;
export const addressesPerGatewayMax = 256;
/** Over all mapping gateways. */
export const addressesMax = 100_000;
export const nameBytesMax = 128;
export const lineLimitMax = 1_000_000;
export const cpsLimitMax = 100_000;
export const priorityMax = 1_000_000;
export const calleePrefixBytesMax = 32;
/** Thirty days. */
export const callSecondsMax = 2_592_000;
export const incrementSecondsMax = 86_400;
export const sectionsPerRateMax = 8;
export const areaBytesMax = 128;
export const rateTemplatesMax = 1_000;
export const calendarsMax = 1_000;
export const holidaysPerCalendarMax = 1_000;
export const periodRatesMax = 10_000;
export const packagesMax = 10_000;
export const giftsPerPackageMax = 64;
export const prefixesPerGiftMax = 1_000;
export const packagesPerAccountMax = 16;
export const fraudLimitsPerAccountMax = 64;
/** Gifts of all packages that accounts have ordered, and what else is counted of them: each has a slot. */
export const packageCountersMax = 65_535;
/** 366 days: a node that starts reads what packages have used for so long. */
export const usableSecondsMax = 31_622_400;
export const rentPercentMax = 1_000;
/** Over all accounts: each has a slot of counters. */
export const fraudLimitsMax = 16_383;
export const callsPerMinuteMax = 60_000;
/** Over all fraud limits: a word of shared memory for each. */
export const callsPerMinuteAllMax = 2_000_000;
export const minutesPerDayMax = 100_000_000;
/** Agents above an account; each is charged for the account's calls. */
export const agentLevelsMax = 8;
/** Patterns in one list of numbers. */
export const numberPatternsMax = 1_000;
/** Versions kept; older ones are removed when a new one is committed. */
export const versionsMax = 50;
/** Versions staged and neither committed nor discarded; the oldest are removed. */
export const stagedVersionsMax = 8;
export const numberGroupsMax = 1_000;
/** Over all number groups. */
export const numbersMax = 2_000_000;
export const numberBytesMax = 64;
/** Distinct ones in the groups that are caller pools. */
export const poolNumbersMax = 100_000;
/** Assigned to one account. */
export const numbersPerAccountMax = 10_000;
export const numberTransformsMax = 50_000;
export const mobileAreasMax = 10_000;
/** Over all mobile areas. */
export const mobilePrefixesMax = 1_000_000;
export const numberPairsMax = 1_000;
/** In one list of a gateway's rules. */
export const screenPrefixesMax = 10_000;
export const groupsPerRuleMax = 64;
export const prefixSharesMax = 64;
export const proportionMax = 1_000_000;
/** Of the text of one dial plan. */
export const dialPlanBytesMax = 32_768;
export const dialRulesMax = 1_000;
/** Alternatives of one rule. */
export const dialTargetsMax = 1_000;
/** Characters of an original, and of a target. */
export const dialElementsMax = 64;
