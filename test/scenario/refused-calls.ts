// Calls that the switch refuses by itself, and the limits that let one more call through than another.
import { byCaller, type CallCase, taker, untouched } from './call-case.ts';

type More = Partial<CallCase>;

/** No INVITE leaves. */
function refused(title: string, sipCode: number, endReason: string, more: More = {}): CallCase {
  return {
    title,
    caller: 'caller-refused',
    status: sipCode,
    calls: 2,
    gateways: [untouched],
    endReason,
    endedBy: 'server',
    sipCode,
    answered: false,
    ...more,
  };
}

/** A second call while the first one is up. */
function oneTooMany(title: string, endReason: string, more: More = {}): CallCase {
  return {
    title,
    caller: 'caller-over-limit',
    calls: 1,
    gateways: [taker('gateway-answer')],
    cdrs: [endReason, 'Normal release'].sort(),
    ...byCaller,
    ...more,
  };
}

const rateTables = {
  any: [{ prefix: '', ratePerMinute: '0.6' }],
  elsewhere: [{ prefix: '9', ratePerMinute: '0.6' }],
  locked: [{ prefix: '8', ratePerMinute: '0.6', locked: true }],
};

/** Whose customer has an account of this name and these fields. */
function withAccount(name: string, account: object, ...others: object[]): More {
  const customer = { name, kind: 'customer', balance: '10', rateTable: 'any', ...account };
  return { fields: { account: name }, sections: { accounts: [customer, ...others] } };
}

const withFraudLimit = (name: string, limit: object): More =>
  withAccount(name, { fraudLimits: [limit] });

const limits: readonly CallCase[] = [
  oneTooMany('one call more than the customer’s lineLimit', 'Connection limit exceeded', {
    fields: { lineLimit: 1 },
  }),
  oneTooMany('one call a second more than the customer’s cpsLimit', 'Call rate limited', {
    fields: { cpsLimit: 1 },
  }),
  oneTooMany('one call more than the only gateway’s lineLimit', 'AllGatewayBusy', {
    gateways: [taker('gateway-answer', { fields: { lineLimit: 1 } })],
  }),
  oneTooMany('one call a second more than the only gateway’s cpsLimit', 'AllGatewayBusy', {
    gateways: [taker('gateway-answer', { fields: { cpsLimit: 1 } })],
  }),
  oneTooMany('one call more than the only gateway’s group has lines', 'AllGatewayBusy', {
    gateways: [taker('gateway-answer', { fields: { groups: ['narrow'] } })],
    sections: { gatewayGroups: [{ name: 'narrow', lineLimit: 1 }] },
  }),
  oneTooMany(
    'one call more than the account’s lineLimit',
    'Connection limit exceeded',
    withAccount('one-line', { lineLimit: 1 }),
  ),
  oneTooMany(
    'one call more at once than a fraud limit blocks',
    'Connection limit exceeded',
    withFraudLimit('one-at-once', { callsAtOnce: { block: 1 } }),
  ),
  oneTooMany(
    'one call a minute more than a fraud limit blocks',
    'Call rate limited',
    withFraudLimit('one-a-minute', { callsPerMinute: { block: 1 } }),
  ),
  oneTooMany('one call a second more than SS_MAXCPS', 'Call rate limited', {
    parameters: { SS_MAXCPS: 1 },
  }),
];

const byAccount: readonly CallCase[] = [
  refused('a locked customer', 403, 'Account locked', { fields: { locked: true } }),
  refused('a locked account', 403, 'Account locked', withAccount('locked', { locked: true })),
  refused(
    'an account below a locked agent',
    403,
    'Account locked',
    withAccount(
      'below-locked',
      { agent: 'locked-agent' },
      { name: 'locked-agent', kind: 'agent', rateTable: 'any', locked: true },
    ),
  ),
  refused(
    'an account that is over',
    403,
    'Account expired',
    withAccount('over', { expiresAt: '2020-01-01T00:00:00Z' }),
  ),
  refused(
    'an account that has not begun',
    403,
    'Account expired',
    withAccount('later', { startsAt: '2100-01-01T00:00:00Z' }),
  ),
  refused(
    'an account of another node',
    403,
    'Account not found',
    withAccount('elsewhere', { node: 'another-node' }),
  ),
  refused(
    'a number without a rate',
    403,
    'No matching rate',
    withAccount('unrated', { rateTable: 'elsewhere' }),
  ),
  refused('a locked rate', 403, 'Rate locked', withAccount('rate-locked', { rateTable: 'locked' })),
  refused(
    'an international number for a national account',
    403,
    'Authorization limited',
    withAccount('national', { callLevel: 'national' }),
  ),
  refused(
    'an account without money',
    403,
    'Insufficient balance',
    withAccount('empty', { balance: '0' }),
  ),
  refused(
    'an account below an agent without money',
    403,
    'Agent insufficient balance',
    withAccount(
      'below-empty',
      { agent: 'empty-agent' },
      { name: 'empty-agent', kind: 'agent', rateTable: 'any' },
    ),
  ),
  refused('the only carrier’s account is used up', 503, 'Clearing account insufficient', {
    gateways: [{ ...untouched, fields: { account: 'used-up' } }],
    sections: {
      accounts: [{ name: 'used-up', kind: 'clearing', balance: '0', rateTable: 'any' }],
    },
  }),
  refused(
    'no minute is left of the day',
    403,
    'Daily minutes limited',
    withFraudLimit('no-minutes', { minutesPerDay: { block: 0 } }),
  ),
  refused(
    'no money is left of the day',
    403,
    'Daily money limited',
    withFraudLimit('no-money', { moneyPerDay: { block: '0.001' } }),
  ),
  refused('every carrier is dearer than the customer allows', 503, 'Profit limited', {
    fields: { account: 'thrifty', maxRatePerMinute: '0.1' },
    gateways: [{ ...untouched, fields: { account: 'dear' } }],
    sections: {
      accounts: [
        { name: 'thrifty', kind: 'customer', balance: '10', rateTable: 'any' },
        { name: 'dear', kind: 'clearing', rateTable: 'any' },
      ],
    },
  }),
];

const always = { from: '00:00', to: '24:00' };

const byNumber: readonly CallCase[] = [
  refused('a caller’s prefix', 403, 'Caller number limited', {
    fields: { callerPrefixes: { allow: false, prefixes: ['3910'] } },
  }),
  refused('a called number’s length', 403, 'Callee number limited', {
    fields: { calleeLengths: [3] },
  }),
  refused('a caller who is in no group', 403, 'Caller number limited', {
    fields: { callerGroups: { allow: true, names: ['known'] } },
    sections: { numberGroups: [{ name: 'known', numbers: ['441632960000'] }] },
  }),
  refused('a time at which no number may be called', 403, 'Time period limited', {
    fields: {
      scheduledPrefixes: [{ ...always, number: 'callee', allow: false, prefixes: ['8'] }],
    },
  }),
  refused('a number outside the city', 403, 'Same city / mobile area limited', {
    fields: { sameCity: { allow: true, codes: ['44'] } },
  }),
  refused('a caller on a black list', 403, 'Caller blacklisted', {
    callerPrefix: '4910',
    sections: { numberGroups: [{ name: 'bad', numbers: ['49101', '49102'], list: 'callerBlack' }] },
  }),
  refused('a called number on a black list', 403, 'Callee blacklisted', {
    fields: { calleeDialPlan: '*:7755' },
    sections: { numberGroups: [{ name: 'dark', numbers: ['7755'], list: 'calleeBlack' }] },
  }),
  refused('a dial plan that leaves no number', 484, 'Number empty after transform', {
    fields: { calleeDialPlan: '*:' },
  }),
  refused('an INVITE that calls no number', 484, 'Number empty after transform', {
    caller: 'caller-calls-nobody',
    numberless: true,
  }),
  refused('a called number of 300 digits', 414, 'SIP 414 Request-URI Too Long', {
    digits: '7'.repeat(300),
  }),
  refused('a calling number of 300 digits', 400, 'SIP 400 Bad Request', {
    callerPrefix: '7'.repeat(300),
  }),
  refused('a number that no gateway serves', 503, 'NoAvailableRouter', { gateways: [] }),
];

const strangers: readonly CallCase[] = [
  refused('a source that no gateway has', 403, '', { unknown: true, cdrs: [] }),
  refused('the same with SERVER_BILLING_RECORD_ILLEGAL_CALL', 403, 'Illegal call', {
    unknown: true,
    parameters: { SERVER_BILLING_RECORD_ILLEGAL_CALL: 'On' },
  }),
  refused('the same with SS_REPLY_UNAUTHORIZED off: nothing is said', 403, '', {
    caller: 'caller-is-ignored',
    unknown: true,
    cdrs: [],
    parameters: { SS_REPLY_UNAUTHORIZED: 'Off' },
  }),
];

export const refusedCalls: readonly CallCase[] = [
  {
    title: 'OPTIONS 200; 400, 405, 406, 415, 416, 420, 481, 483, 488 and 501 before any call',
    caller: 'caller-is-screened',
    gateways: [],
    cdrs: [],
    ...byCaller,
  },
  ...limits,
  ...byAccount,
  ...byNumber,
  ...strangers,
];

/** Which the accounts of the cases above have. */
export const refusalRateTables: readonly object[] = Object.entries(rateTables).map(
  ([name, rates]) => ({ name, rates }),
);
