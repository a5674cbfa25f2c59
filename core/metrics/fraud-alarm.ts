// The alarms of a fraud limit: of each of its five kinds that the warning threshold was reached, and, behind it,
// that calls are being blocked. Each is raised once a day of the account.

export const FraudAlarm = {
  callsWarn: 0,
  callsBlock: 1,
  rateWarn: 2,
  rateBlock: 3,
  minutesWarn: 4,
  minutesBlock: 5,
  moneyWarn: 6,
  moneyBlock: 7,
  lengthWarn: 8,
  lengthBlock: 9,
} as const;
export type FraudAlarm = (typeof FraudAlarm)[keyof typeof FraudAlarm];

/** Fields of a limit, by half of the alarm. */
export const fraudKinds = [
  'callsAtOnce',
  'callsPerMinute',
  'minutesPerDay',
  'moneyPerDay',
  'callSeconds',
] as const;
export type FraudKind = (typeof fraudKinds)[number];
export const fraudAlarms = 10;

export function isBlockAlarm(alarm: number): boolean {
  return (alarm & 1) === 1;
}
