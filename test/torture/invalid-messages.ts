// RFC 4475 3.1.2: messages that are not valid. Same point as each section, text of our own.
import { Fault } from '../../core/sip/fault.ts';
import { request, requestHead, sdpBody, sipText, type TortureMessage } from './torture-message.ts';

const sdpType = 'Content-Type: application/sdp';

/** An OPTIONS whose start line is all that matters. */
function optionsLine(startLine: string, caseName: string): string {
  const [, ...headers] = requestHead('OPTIONS', '', caseName, ['Content-Length: 0']);
  return sipText([startLine, ...headers]);
}

function response(statusLine: string, cseq: string, others: string[]): string {
  return sipText([
    statusLine,
    'Via: SIP/2.0/TCP 203.0.113.7;branch=z9hG4bK4413',
    'Call-ID: scalar.5512@203.0.113.7',
    `CSeq: ${cseq}`,
    'From: <sip:kim@west.example>;tag=k-1',
    'To: <sip:lee@east.example>;tag=l-2',
    ...others,
    'Content-Length: 0',
  ]);
}

export const invalidMessages: readonly TortureMessage[] = [
  {
    name: 'badinv01',
    section: '3.1.2.1',
    text: request(
      'INVITE',
      'badinv01',
      [
        'Via: SIP/2.0/UDP 198.51.100.15;;,;,,',
        'Contact: "Kim" <sip:kim@west.example>;;;;',
        sdpType,
      ],
      sdpBody,
    ),
    fault: Fault.badVia,
    userAnswer: [400],
  },
  {
    name: 'clerr',
    section: '3.1.2.2',
    text: request('INVITE', 'clerr', [sdpType, 'Content-Length: 9999'], sdpBody),
    fault: Fault.truncated,
    userAnswer: [400],
  },
  {
    name: 'ncl',
    section: '3.1.2.3',
    text: request('INVITE', 'ncl', [sdpType, 'Content-Length: -404'], sdpBody),
    fault: Fault.badContentLength,
    userAnswer: [400],
  },
  {
    name: 'scalar02',
    section: '3.1.2.4',
    text: request('REGISTER', 'scalar02', [
      'CSeq: 73786976294838206464 REGISTER',
      'Max-Forwards: 301',
      'Expires: 20000000000000000000000000000000000',
      'Contact: <sip:kim@host1.west.example>;expires=380297100000000000',
    ]),
    fault: Fault.badCseq,
    userAnswer: [400],
  },
  {
    name: 'scalarlg',
    section: '3.1.2.5',
    text: response('SIP/2.0 503 Service Unavailable', '8181283723661201211024 OPTIONS', [
      'Retry-After: 848277181920003994181239',
      'Warning: 1711 west.example "four digits"',
    ]),
    fault: Fault.badCseq,
    userAnswer: ['dropped'],
  },
  {
    name: 'quotbal',
    section: '3.1.2.6',
    text: request(
      'INVITE',
      'quotbal',
      ['To: "Ms. L. Lee <sip:lee@east.example>', sdpType],
      sdpBody,
    ),
    fault: Fault.badAddress,
    userAnswer: [400],
  },
  {
    name: 'ltgtruri',
    section: '3.1.2.7',
    text: optionsLine('OPTIONS <sip:lee@east.example> SIP/2.0', 'ltgtruri'),
    fault: Fault.badRequestUri,
    userAnswer: [400],
  },
  {
    name: 'lwsruri',
    section: '3.1.2.8',
    text: optionsLine('OPTIONS sip:lee@east.example; lr SIP/2.0', 'lwsruri'),
    fault: Fault.badStartLine,
    userAnswer: [400],
  },
  {
    name: 'lwsstart',
    section: '3.1.2.9',
    text: optionsLine('OPTIONS  sip:lee@east.example  SIP/2.0', 'lwsstart'),
    fault: Fault.badStartLine,
    userAnswer: [400],
  },
  {
    name: 'trws',
    section: '3.1.2.10',
    text: optionsLine('OPTIONS sip:far-target@east.example SIP/2.0  ', 'trws'),
    fault: Fault.badStartLine,
    userAnswer: [400],
  },
  {
    name: 'escruri',
    section: '3.1.2.11',
    text: optionsLine(
      'OPTIONS sip:lee@east.example?Route=%3Csip:west.example%3E SIP/2.0',
      'escruri',
    ),
    fault: Fault.badRequestUri,
    userAnswer: [400],
  },
  {
    // The date is of no use to us: what is malformed and not needed is ignored (RFC 3261 8.2.2).
    name: 'baddate',
    section: '3.1.2.12',
    text: request('INVITE', 'baddate', ['Date: Mon, 04 Jan 2027 09:00:00 CET', sdpType], sdpBody),
    fault: Fault.ok,
    userAnswer: ['accepted', 400],
  },
  {
    // The parameter of the bare Contact is ambiguous only to a registrar.
    name: 'regbadct',
    section: '3.1.2.13',
    text: request('REGISTER', 'regbadct', [
      'Contact: sip:kim@west.example?Route=%3Csip:hop.west.example%3E',
    ]),
    fault: Fault.ok,
    userAnswer: [400, 405],
  },
  {
    name: 'badaspec',
    section: '3.1.2.14',
    text: request('OPTIONS', 'badaspec', ['To: "Lee, L." < sip:lee@east.example >']),
    fault: Fault.badAddress,
    userAnswer: [400],
  },
  {
    name: 'baddn',
    section: '3.1.2.15',
    text: request('OPTIONS', 'baddn', ['From: Tanaka, Kim <sip:kim@west.example>;tag=99']),
    fault: Fault.badAddress,
    userAnswer: [400],
  },
  {
    name: 'badvers',
    section: '3.1.2.16',
    text: optionsLine('OPTIONS sip:lee@east.example SIP/7.0', 'badvers'),
    fault: Fault.versionNotSupported,
    userAnswer: [505],
  },
  {
    name: 'mismatch01',
    section: '3.1.2.17',
    text: request('OPTIONS', 'mismatch01', ['CSeq: 8 INVITE']),
    fault: Fault.badCseq,
    userAnswer: [400],
  },
  {
    name: 'mismatch02',
    section: '3.1.2.18',
    text: request('FRESHMETHOD', 'mismatch02', ['CSeq: 34 INVITE', sdpType], sdpBody),
    fault: Fault.badCseq,
    userAnswer: [400, 501],
  },
  {
    name: 'bigcode',
    section: '3.1.2.19',
    text: response('SIP/2.0 8589934893 better not break here', '353 INVITE', []),
    fault: Fault.badStartLine,
    userAnswer: ['dropped'],
  },
];
