// RFC 4475 3.1.1: messages that are unusual and valid. Same point as each section, text of our own.
import { Fault } from '../../core/sip/fault.ts';
import { request, requestHead, sdpBody, sipText, type TortureMessage } from './torture-message.ts';

const longWord = (count: number, word: string): string => word.repeat(count);

const tortuousInvite = [
  'INVITE sip:maru@registrar.north.example;unknown-param SIP/2.0',
  'TO :',
  ' sip:maru@registrar.north.example ;   tag    = 7716290004k',
  'from   : "Q Ito \\\\\\""       <sip:qito@south.example>',
  '  ;',
  '  tag = 33zzq9',
  'MaX-fOrWaRdS: 0042',
  'Call-ID: wsinv.8s7xk@198.51.100.2',
  `Content-Length   : ${sdpBody.length}`,
  'cseq: 0017',
  '  INVITE',
  'Via  : SIP  /   2.0',
  ' /UDP',
  '    198.51.100.2;branch=772qqrt',
  's :',
  'FreshlyMadeHeader:   some value',
  ' that goes on here',
  'HeaderOfOddContent: ;;,,;;,;',
  'Content-Type: application/sdp',
  'Route:',
  ' <sip:edge.north.example;lr;strange=thing;strange-flag>',
  'v:  SIP  / 2.0  / TCP     loom.south.example   ;',
  '  branch  =   z9hG4bK7tt2x  ,',
  ' SIP  /    2.0   / UDP  203.0.113.90   ; branch=',
  ' z9hG4bK61118',
  'm:"Quoted words \\"\\"" <sip:qito@south.example> ; freshparam =',
  '      freshvalue ;',
  '  otherparam ; q = 0.41',
];

const unusualMethod = "~ODD.Method-0123456789_*+`!%found'";
const oddUri =
  'sip:7_odd.URI~(may-be!so)&is+it$/wild?,/;;*:&a+b=2,strange!pwd*$lo~d_or.(not)@north.example';

const longRequest = [
  `INVITE sip:kim@west.example SIP/2.0`,
  `To: "I have a customer name of extreme ${longWord(10, 'length ')}" <sip:kim@west.example:6000;` +
    `unknownparam1=very${longWord(20, 'long')}value;longparam${longWord(25, 'name')}=short;${longWord(25, 'very')}flag>`,
  `F: sip:${longWord(5, 'amazinglylongcallername')}@west.example;tag=21${longWord(50, '98')}12;` +
    `unknownheaderparam${longWord(20, 'name')}=unknown${longWord(15, 'value')};unknownFlagparam${longWord(10, 'name')}`,
  `Call-ID: longreq.one${longWord(20, 'really')}longcallid`,
  'CSeq: 3882340 INVITE',
  `Unknown${longWord(20, 'Long')}Name: unknown-${longWord(20, 'long')}-value; unknown-${longWord(20, 'long')}-param = v`,
  ...Array.from(
    { length: 33 },
    (_, index) => `Via: SIP/2.0/TCP hop${index}.west.example;branch=z9hG4bK${index}`,
  ),
  `v: SIP/2.0/TCP last.west.example;branch=z9hG4bK${longWord(50, 'long')}branch`,
  'Max-Forwards: 70',
  `Contact: <sip:${longWord(5, 'amazinglylongcallername')}@host8.west.example>`,
  'Content-Type: application/sdp',
  `l: ${sdpBody.length}`,
];

const multipart =
  '--split-here\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nGood day\r\n' +
  '--split-here\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n' +
  '0\x82\x01\x00\r\n\r\n\xff\xfe\x00\x80\r\n--split-here--\r\n';

const responseHead = (statusLine: string, caseName: string): string[] => [
  statusLine,
  'Via: SIP/2.0/UDP 203.0.113.7;branch=z9hG4bK4412',
  `Call-ID: ${caseName}.1142@203.0.113.7`,
  'CSeq: 55 INVITE',
  'From: <sip:kim@west.example>;tag=k-1',
  'To: <sip:lee@east.example>;tag=l-2',
  'Content-Length: 0',
];

export const validMessages: readonly TortureMessage[] = [
  {
    name: 'wsinv',
    section: '3.1.1.1',
    text: sipText(tortuousInvite, sdpBody),
    fault: Fault.ok,
    userAnswer: ['accepted', 481],
  },
  {
    name: 'intmeth',
    section: '3.1.1.2',
    text: sipText(
      requestHead(unusualMethod, oddUri, 'intmeth', [
        'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:7_odd.URI~(may-be!so)&is+it$/wild?,/;;*@north.example>',
        "From: token1~` token2'+_ token3*%!.- <sip:mixed@west.example>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\";tag=_t~1",
        "oddHeader-!.%*+_`'~: \xf0\x9f\x93\x9e",
        'Content-Length: 0',
      ]),
    ),
    fault: Fault.ok,
    userAnswer: [501],
  },
  {
    name: 'esc01',
    section: '3.1.1.3',
    text: sipText(
      requestHead('INVITE', 'sip:sips%3Alee%40east.example@west.example', 'esc01', [
        'To: sip:%6cee@west.example',
        'Contact: <sip:kim@host3.west.example;%6C%72;na%6De=va%6Cue%25%34%32>',
        'Content-Type: application/sdp',
        `Content-Length: ${sdpBody.length}`,
      ]),
      sdpBody,
    ),
    fault: Fault.ok,
    userAnswer: ['accepted'],
  },
  {
    name: 'escnull',
    section: '3.1.1.4',
    text: request('REGISTER', 'escnull', [
      'To: sip:null-%00-null@west.example',
      'From: sip:null-%00-null@west.example;tag=n0',
      'Contact: <sip:%00@host2.west.example>, <sip:%00%00@host2.west.example>',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted', 405],
  },
  {
    name: 'esc02',
    section: '3.1.1.5',
    text: request('IN%56ITE', 'esc02', ['Contact: <sip:kim@host1.west.example>']),
    fault: Fault.ok,
    userAnswer: [501],
  },
  {
    name: 'lwsdisp',
    section: '3.1.1.6',
    text: request('OPTIONS', 'lwsdisp', ['From: kim<sip:kim@west.example>;tag=tight']),
    fault: Fault.ok,
    userAnswer: ['accepted'],
  },
  {
    name: 'longreq',
    section: '3.1.1.7',
    text: sipText(longRequest, sdpBody),
    fault: Fault.ok,
    userAnswer: ['accepted'],
  },
  {
    name: 'dblreq',
    section: '3.1.1.8',
    text:
      request('REGISTER', 'dblreq', ['Contact: <sip:kim@host1.west.example>']) +
      request('INVITE', 'dblreq.second', ['Content-Type: application/sdp'], sdpBody),
    fault: Fault.ok,
    userAnswer: ['accepted', 405],
  },
  {
    name: 'semiuri',
    section: '3.1.1.9',
    text: sipText(
      requestHead('OPTIONS', 'sip:lee;q=v%40west.example@east.example', 'semiuri', [
        'Accept: application/sdp',
        'Content-Length: 0',
      ]),
    ),
    fault: Fault.ok,
    userAnswer: ['accepted'],
  },
  {
    name: 'transports',
    section: '3.1.1.10',
    text: request('OPTIONS', 'transports', [
      'Via: SIP/2.0/UDP t1.west.example;branch=z9hG4bKk1',
      'Via: SIP/2.0/SCTP t2.west.example;branch=z9hG4bKk2',
      'Via: SIP/2.0/TLS t3.west.example;branch=z9hG4bKk3',
      'Via: SIP/2.0/CARRIERPIGEON t4.west.example;branch=z9hG4bKk4',
      'Via: SIP/2.0/TCP t5.west.example;branch=z9hG4bKk5',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted'],
  },
  {
    name: 'mpart01',
    section: '3.1.1.11',
    text: request(
      'MESSAGE',
      'mpart01',
      ['Content-Type: multipart/mixed; boundary=split-here'],
      multipart,
    ),
    fault: Fault.ok,
    userAnswer: ['accepted', 405],
  },
  {
    name: 'unreason',
    section: '3.1.1.12',
    text: sipText(responseHead('SIP/2.0 200 = 6**3 / \xe5\xae\x8c\xe4\xba\x86', 'unreason')),
    fault: Fault.ok,
    userAnswer: ['dropped'],
  },
  {
    name: 'noreason',
    section: '3.1.1.13',
    text: sipText(responseHead('SIP/2.0 100 ', 'noreason')),
    fault: Fault.ok,
    userAnswer: ['dropped'],
  },
];
