// RFC 4475 3.2 to 3.4: messages that test the transaction layer, the transaction user and compatibility
// with RFC 2543. Same point as each section, text of our own.
import { Fault } from '../../core/sip/fault.ts';
import { request, requestHead, sdpBody, sipText, type TortureMessage } from './torture-message.ts';

const sdpType = 'Content-Type: application/sdp';

function optionsTo(requestUri: string, caseName: string): string {
  return sipText(requestHead('OPTIONS', requestUri, caseName, ['Content-Length: 0']));
}

export const layerMessages: readonly TortureMessage[] = [
  {
    name: 'badbranch',
    section: '3.2.1',
    text: request('OPTIONS', 'badbranch', ['Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK']),
    fault: Fault.badVia,
    userAnswer: [400],
  },
  {
    name: 'insuf',
    section: '3.3.1',
    text: sipText([
      'INVITE sip:lee@east.example SIP/2.0',
      'CSeq: 193 INVITE',
      'Via: SIP/2.0/UDP 198.51.100.95;branch=z9hG4bKkd.1',
      sdpType,
      'l: 0',
    ]),
    fault: Fault.missingHeader,
    userAnswer: [400, 'dropped'],
  },
  {
    name: 'unkscm',
    section: '3.3.2',
    text: optionsTo('noSuchSchemeAnywhere:opaquecontent', 'unkscm'),
    fault: Fault.ok,
    userAnswer: [416],
  },
  {
    name: 'novelsc',
    section: '3.3.3',
    text: optionsTo('soap.beep://198.51.100.103:3002', 'novelsc'),
    fault: Fault.ok,
    userAnswer: [416],
  },
  {
    name: 'unksm2',
    section: '3.3.4',
    text: request('REGISTER', 'unksm2', [
      'To: isbn:9780306406157',
      'From: <http://www.west.example>;tag=3234',
      'Contact: <name:Kim_Tanaka>',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted', 400, 405, 416],
  },
  {
    name: 'bext01',
    section: '3.3.5',
    text: request('OPTIONS', 'bext01', [
      'Require: nobodyHasThis, nobodyHasThatEither',
      'Proxy-Require: noProxiesHaveThis',
    ]),
    fault: Fault.ok,
    userAnswer: [420],
  },
  {
    name: 'invut',
    section: '3.3.6',
    text: request('INVITE', 'invut', ['Content-Type: application/x-nobody-knows'], '<audio>\r\n'),
    fault: Fault.ok,
    userAnswer: [415],
  },
  {
    name: 'regaut01',
    section: '3.3.7',
    text: request('REGISTER', 'regaut01', [
      'Authorization: NobodyKnowsThisScheme opaque-data=here',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted', 401, 405],
  },
  {
    name: 'multi01',
    section: '3.3.8',
    text: request(
      'INVITE',
      'multi01',
      [
        'CSeq: 5 INVITE',
        'CSeq: 59 BYE',
        'Call-ID: multi01.98asdh@198.51.100.1',
        'Call-ID: multi01.98asdh@198.51.100.2',
        'From: sip:kim@west.example;tag=3413415',
        'From: sip:kim@north.example;tag=2923420123',
        'To: sip:lee@east.example',
        'To: sip:other@east.example',
        'Max-Forwards: 5',
        sdpType,
      ],
      sdpBody,
    ),
    fault: Fault.duplicateHeader,
    userAnswer: [400],
  },
  {
    name: 'mcl01',
    section: '3.3.9',
    text: request('OPTIONS', 'mcl01', ['Content-Length: 13', 'Content-Length: 5'], 'There is text'),
    fault: Fault.badContentLength,
    userAnswer: [400],
  },
  {
    name: 'bcast',
    section: '3.3.10',
    text: sipText([
      'SIP/2.0 200 OK',
      'Via: SIP/2.0/UDP 198.51.100.198;branch=z9hG4bK1324923',
      'Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23',
      'Call-ID: bcast.0384840201@198.51.100.198',
      'CSeq: 35 INVITE',
      'From: <sip:kim@west.example>;tag=fz-1',
      'To: <sip:lee@east.example>;tag=2229',
      'Content-Length: 0',
    ]),
    fault: Fault.ok,
    userAnswer: ['dropped'],
  },
  {
    name: 'zeromf',
    section: '3.3.11',
    text: request('OPTIONS', 'zeromf', ['Max-Forwards: 0']),
    fault: Fault.ok,
    userAnswer: [483, 'accepted'],
  },
  {
    name: 'cparam01',
    section: '3.3.12',
    text: request('REGISTER', 'cparam01', [
      'Contact: sip:+12025550123@gw3.west.example;unknownparam',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted', 405],
  },
  {
    name: 'cparam02',
    section: '3.3.13',
    text: request('REGISTER', 'cparam02', [
      'Contact: <sip:+12025550123@gw3.west.example;unknownparam>',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted', 405],
  },
  {
    name: 'regescrt',
    section: '3.3.14',
    text: request('REGISTER', 'regescrt', [
      'Contact: <sip:kim@west.example?Route=%3Csip:hop.west.example%3E>',
    ]),
    fault: Fault.ok,
    userAnswer: ['accepted', 405],
  },
  {
    name: 'sdp01',
    section: '3.3.15',
    text: request('INVITE', 'sdp01', ['Accept: text/x-nobody-knows', sdpType], sdpBody),
    fault: Fault.ok,
    userAnswer: [406],
  },
  {
    name: 'inv2543',
    section: '3.4.1',
    text: sipText(
      [
        'INVITE sip:UserB@east.example SIP/2.0',
        'Via: SIP/2.0/UDP iftgw.west.example',
        'From: <sip:+12025550189@iftgw.west.example;user=phone>',
        'Record-Route: <sip:UserB@east.example;maddr=ss1.west.example>',
        'To: sip:+12025550188@ss1.west.example;user=phone',
        'Call-ID: inv2543.1717@ift.west.example',
        'CSeq: 56 INVITE',
        sdpType,
      ],
      sdpBody,
    ),
    fault: Fault.ok,
    userAnswer: ['accepted'],
  },
];
