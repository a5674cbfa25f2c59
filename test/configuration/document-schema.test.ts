// Reading a configuration document: what is accepted, what is filled in, and what each refusal says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { problemsMax } from '../../workers/configuration/document-problem.ts';
import { documentJsonSchema, parseDocument } from '../../workers/configuration/document-schema.ts';

const example = `
parameters: { SS_SIP_TIMEOUT_INVITE: 10, SS_MAXCPS: 0 }
rateTables:
  - name: retail
    rates:
      - { prefix: "44", ratePerMinute: "0.0120", connectionFee: "0", firstIncrementSeconds: 60, nextIncrementSeconds: 6,
          effectiveAt: "2026-01-01T00:00:00Z" }
accounts:
  - { name: acme, kind: customer, balance: "100", creditLimit: "0", rateTable: retail }
  - { name: carrier-a, kind: clearing, rateTable: carrier-a-buy }
mappingGateways:
  - { name: acme-in, account: acme, auth: ip, addresses: ["127.0.0.1:5062"], lineLimit: 100, cpsLimit: 20 }
routingGateways:
  - { name: carrier-a, account: carrier-a, address: "127.0.0.1:5080", prefixes: ["44"], priority: 1, lineLimit: 1000, cpsLimit: 0 }
`;

function problemsOf(document: unknown): string[] {
  const parsed = parseDocument(document);
  return parsed.ok ? [] : parsed.problems.map((problem) => problem.text);
}

function routing(fields: Record<string, unknown>): unknown {
  return {
    routingGateways: [{ name: 'r', address: '192.0.2.1', prefixes: ['44'], ...fields }],
  };
}

function mapping(fields: Record<string, unknown>): unknown {
  return { mappingGateways: [{ name: 'm', addresses: ['192.0.2.1'], ...fields }] };
}

describe('a configuration document', () => {
  it('does not limit a carrier of whose money it says nothing', () => {
    const creditOf = (account: object): string | undefined => {
      const parsed = parseDocument({ accounts: [{ name: 'a', ...account }] });
      return parsed.ok ? parsed.document.accounts[0]!.creditLimit : undefined;
    };
    assert.equal(creditOf({ kind: 'clearing' }), 'unlimited');
    assert.equal(creditOf({ kind: 'clearing', balance: '0' }), '0');
    assert.equal(creditOf({ kind: 'clearing', creditLimit: '0' }), '0');
    assert.equal(creditOf({ kind: 'customer' }), '0');
    assert.equal(creditOf({ kind: 'customer', creditLimit: 'unlimited' }), 'unlimited');
    assert.equal(creditOf({ kind: 'customer', balance: 'unlimited' }), undefined);
  });

  it('is accepted whole as documented, with defaults filled in', () => {
    const parsed = parseDocument(parse(example));
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.document.parameters, { SS_SIP_TIMEOUT_INVITE: 10, SS_MAXCPS: 0 });
    assert.equal(parsed.document.rateTables[0]?.rates[0]?.ratePerMinute, '0.0120');
    assert.equal(parsed.document.accounts[1]?.balance, '0');
    assert.deepEqual(parsed.document.mappingGateways, [
      {
        name: 'acme-in',
        account: 'acme',
        auth: 'ip',
        addresses: ['127.0.0.1:5062'],
        lineLimit: 100,
        cpsLimit: 20,
        priority: 100,
        trusted: false,
        locked: false,
      },
    ]);
    assert.deepEqual(parsed.document.routingGateways, [
      {
        name: 'carrier-a',
        account: 'carrier-a',
        address: '127.0.0.1:5080',
        prefixes: ['44'],
        prefixMode: 'continue',
        priority: 1,
        lineLimit: 1000,
        cpsLimit: 0,
        calleePrefix: '',
        rateCalleeOut: false,
        stopCodes: [],
        switchUntilConnect: false,
        locked: false,
      },
    ]);
  });

  it('may be empty, or hold only some collections', () => {
    const parsed = parseDocument({});
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.document.routingGateways, []);
    assert.ok(parseDocument({ parameters: { SS_MAXCPS: 5 } }).ok);
  });

  it('must be an object', () => {
    for (const input of [null, undefined, [], 'x', 1]) assert.equal(problemsOf(input).length, 1);
  });

  const refusals: [string, unknown, string][] = [
    [
      'a host name',
      { routingGateways: [{ name: 'r', address: 'sip.example.com', prefixes: ['1'] }] },
      'routingGateways[0].address: "sip.example.com" is a host name; expected an IP address with an optional port',
    ],
    [
      'a host name with a port',
      mapping({ addresses: ['192.0.2.1', 'sip.example.com:5060'] }),
      'mappingGateways[0].addresses[1]: "sip.example.com:5060" is a host name; expected an IP address with an optional port',
    ],
    [
      'a port out of range',
      routing({ address: '192.0.2.1:0' }),
      'routingGateways[0].address: "192.0.2.1:0" is an IP address with a wrong port; expected a port from 1 to 65535',
    ],
    [
      'another transport',
      routing({ address: 'tls://192.0.2.1' }),
      'routingGateways[0].address: "tls://192.0.2.1" is for transport tls, which is not supported by this version; expected udp or tcp',
    ],
    [
      'another auth mode',
      mapping({ auth: 'ipAndPassword' }),
      'mappingGateways[0].auth: "ipAndPassword" is not supported by this version; expected ip',
    ],
    [
      'money as a number',
      { accounts: [{ name: 'a', kind: 'customer', balance: 1.5 }] },
      'accounts[0].balance: 1.5 is a number, which may lose digits; expected a decimal string like "0.0125" from "-45000000000" to "45000000000", at most 8 decimals',
    ],
    [
      'more money than can be counted',
      { accounts: [{ name: 'a', kind: 'customer', creditLimit: '45000000000.00000001' }] },
      'accounts[0].creditLimit: "45000000000.00000001" is not accepted; expected a decimal string like "0.0125" from "0" to "45000000000", at most 8 decimals, or unlimited',
    ],
    [
      'a missing field',
      { accounts: [{ name: 'a' }] },
      'accounts[0].kind is missing; expected customer, clearing or agent',
    ],
    [
      'a limit beyond its range',
      routing({ cpsLimit: 100_001 }),
      'routingGateways[0].cpsLimit: 100001 is not accepted; expected a whole number from 0 to 100000',
    ],
    [
      'a limit as text',
      routing({ lineLimit: '5' }),
      'routingGateways[0].lineLimit: "5" is not accepted; expected a whole number from 0 to 1000000',
    ],
    [
      'a prefix with a space',
      routing({ prefixes: ['44', '4 4'] }),
      'routingGateways[0].prefixes[1]: "4 4" is not accepted; expected a prefix of at most 32 bytes without spaces or control characters',
    ],
    [
      'a prefix twice',
      routing({ prefixes: ['44', '1', '44'] }),
      'routingGateways[0].prefixes[2]: "44" is in this list already; expected each prefix once',
    ],
    [
      'no prefix at all',
      routing({ prefixes: [] }),
      'routingGateways[0].prefixes: a list of 0 is not accepted; expected at least one prefix ("" matches every number)',
    ],
    [
      'a name twice',
      {
        accounts: [
          { name: 'a', kind: 'agent' },
          { name: 'a', kind: 'customer' },
        ],
      },
      'accounts[1].name: "a" is the name of accounts[0] already; expected each name once',
    ],
    [
      'an unknown field',
      routing({ wieght: 1 }),
      'routingGateways[0].wieght is no field that is known here',
    ],
    [
      'a dial plan that cannot be read',
      routing({ calleeDialPlan: '0:1,025' }),
      'routingGateways[0].calleeDialPlan: "0:1,025" is no dial plan: rule 2, "025", has 0 colons; expected one, as in original:target ("\\:" is the character)',
    ],
    [
      'a scheduled dial plan that cannot be read',
      mapping({ scheduledDialPlans: [{ days: ['monday'], callerDialPlan: '0L:1' }] }),
      'mappingGateways[0].scheduledDialPlans[0].callerDialPlan: "0L:1" is no dial plan: rule 1, "0L:1", has "L" without a number behind it; expected a length of one or two digits, or "\\L" for the letter',
    ],
    [
      'a scheduled dial plan without a time',
      mapping({ scheduledDialPlans: [{ callerDialPlan: '0:1' }] }),
      'mappingGateways[0].scheduledDialPlans[0].calendar is missing; expected the name of a calendar, or days, from and to',
    ],
    [
      'a scheduled dial plan without a plan',
      mapping({ scheduledDialPlans: [{ from: '08:00' }] }),
      'mappingGateways[0].scheduledDialPlans[0].calleeDialPlan is missing; expected this or callerDialPlan',
    ],
    ['an unknown collection', { gateways: [] }, 'gateways is no field that is known here'],
    [
      'an unknown parameter',
      { parameters: { SS_MAXCP: 1 } },
      'parameters.SS_MAXCP: 1 is unknown; expected the name of a system parameter (docs/configuration.md)',
    ],
    [
      'a parameter without effect yet',
      { parameters: { SS_QOS_SIGNAL: '0xa0' } },
      'parameters.SS_QOS_SIGNAL: "0xa0" is not supported by this version',
    ],
    [
      'a parameter that waits for media',
      { parameters: { SS_GATEWAY_SWITCH_STOP_AFTER_RTP_START: 'On' } },
      'parameters.SS_GATEWAY_SWITCH_STOP_AFTER_RTP_START: "On" is not supported by this version: media does not pass this node yet',
    ],
    [
      'the older name of a parameter without effect yet',
      { parameters: { SS_SESSION_TIMER: 1800 } },
      'parameters.SS_SESSION_TIMER: 1800 is not supported by this version (an older name of SS_SIP_SESSION_TTL)',
    ],
  ];
  for (const [what, document, text] of refusals) {
    it(`is refused for ${what}`, () => assert.deepEqual(problemsOf(document), [text]));
  }

  it('takes the node of an account as the node file has it', () => {
    const account = (node: unknown): unknown => ({
      accounts: [{ name: 'acme', kind: 'customer', node }],
    });
    assert.deepEqual(problemsOf(account('edge-1.example_2')), []);
    for (const node of ['', 'edge 1', 'x'.repeat(65), 7]) {
      const [problem, ...more] = problemsOf(account(node));
      assert.match(problem!, /^accounts\[0\]\.node: .*expected the name of a node: 1 to 64 /);
      assert.deepEqual(more, []);
    }
  });

  const unsupported: [unknown, string][] = [
    ...['password'].map((field): [unknown, string] => [
      routing({ [field]: 1 }),
      `routingGateways[0].${field}`,
    ]),
    ...['password'].map((field): [unknown, string] => [
      mapping({ [field]: 1 }),
      `mappingGateways[0].${field}`,
    ]),
  ];
  for (const [document, path] of unsupported) {
    it(`is refused for ${path}, which this version cannot do`, () => {
      assert.deepEqual(problemsOf(document), [
        `${path} is not supported by this version; expected: leave it out`,
      ]);
    });
  }

  it('is refused for rates that overlap or count backwards', () => {
    const rates = [
      { prefix: '44', ratePerMinute: '1', effectiveAt: '2026-01-01T00:00:00Z' },
      { prefix: '44', ratePerMinute: '2', effectiveAt: '2026-01-01T02:00:00+02:00' },
      { prefix: '44', ratePerMinute: '-2' },
      { prefix: '44', ratePerMinute: '2', nextIncrementSeconds: -6 },
      { prefix: '44', ratePerMinute: '2', effectiveAt: '2026-01-01T00:00:00' },
      { prefix: '44', ratePerMinute: '2', effectiveAt: '2026-02-30T00:00:00Z' },
    ];
    const twice = problemsOf({ rateTables: [{ name: 't', rates: rates.slice(0, 2) }] });
    assert.deepEqual(twice, [
      'rateTables[0].rates[1].prefix: "44" is rated twice from the same time on; expected each prefix once a time',
    ]);
    const wrong = problemsOf({ rateTables: [{ name: 't', rates: rates.slice(2) }] });
    const paths = wrong.map((text) => text.slice(0, text.indexOf(':')));
    assert.deepEqual(paths, [
      'rateTables[0].rates[0].ratePerMinute',
      'rateTables[0].rates[1].nextIncrementSeconds',
      'rateTables[0].rates[2].effectiveAt',
      'rateTables[0].rates[3].effectiveAt',
    ]);
  });

  it('tells every problem at once, and no more than problemsMax', () => {
    const gateways = Array.from({ length: 30 }, () => ({}));
    assert.ok(problemsOf({ mappingGateways: gateways, accounts: [{}] }).length > 20);
    const many = Array.from({ length: 1000 }, () => ({
      name: '',
      address: 'x',
      prefixes: 1,
      a: 1,
    }));
    assert.ok(
      problemsOf({ routingGateways: many, mappingGateways: many, accounts: many }).length <=
        problemsMax,
    );
  });

  it('stops at names of JavaScript as at any unknown one, and changes no prototype', () => {
    const document = JSON.parse(
      '{"__proto__":{"polluted":1},"parameters":{"__proto__":{"polluted":1},"constructor":1},"accounts":[{"name":"__proto__","kind":"agent","constructor":1}]}',
    ) as unknown;
    assert.deepEqual(problemsOf(document), [
      'parameters.__proto__: an object is unknown; expected the name of a system parameter (docs/configuration.md)',
      'parameters.constructor: 1 is unknown; expected the name of a system parameter (docs/configuration.md)',
      'accounts[0].constructor is no field that is known here',
      '__proto__ is no field that is known here',
    ]);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });

  it('has a JSON Schema that names its fields and parameters', () => {
    const schema = documentJsonSchema() as {
      properties: Record<string, { items?: { required?: string[] }; properties?: object }>;
    };
    assert.deepEqual(schema.properties.routingGateways?.items?.required, [
      'name',
      'address',
      'prefixes',
    ]);
    assert.ok('SS_SIP_RESEND_INTERVAL' in (schema.properties.parameters?.properties ?? {}));
  });
});
