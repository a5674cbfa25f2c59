/// <reference lib="dom" />
// What the live page shows of one set of figures. Every state is said in words; colour only repeats it.
import { type CounterName, counterRows } from '../../core/metrics/counter-layout.ts';
import type { GatewayFigures, WorkerFigures } from '../../workers/admin-messages.ts';
import type { LiveDocument } from '../status-document.ts';
import * as history from './history.ts';
import {
  type Cell,
  drawTrend,
  fillList,
  fillRows,
  fillTerms,
  type State,
  showFigure,
} from './page-elements.ts';

/** Share of a limit from which a gateway counts as nearly full, percent. */
const nearlyFullPercent = 90;
/** A stall that a caller can hear (of the media to come) and that delays signalling, ms. */
const longStallMs = 50;

export function renderBoard(figures: LiveDocument, nowMs: number): void {
  history.remember(figures, nowMs);
  renderHead(figures);
  renderCalls(figures);
  fillList('alarms', alarmsOf(figures));
  showFigure('gateway-count', gatewayCount(figures));
  fillRows('gateways', figures.gateways.map(gatewayRow));
  fillRows('workers', figures.workers.map(workerRow));
  renderCdrLog(figures);
  fillRows(
    'sockets',
    figures.sockets.map((socket) => [
      socket.listen,
      { number: bytes(socket.receiveBufferBytes) },
      { number: whole(socket.kernelDrops) },
    ]),
  );
  renderLosses(figures);
}

function renderHead(figures: LiveDocument): void {
  showFigure('node', figures.node);
  showFigure(
    'facts',
    `version ${figures.version}, configuration ${figures.configurationVersion}, ` +
      `${figures.state}, up ${duration(figures.uptimeSeconds)}, ${bytes(figures.memoryRssBytes)} of memory`,
  );
  document.title = `${whole(figures.callsUp)} up, ${figures.node}, Tandem`;
}

function renderCalls(figures: LiveDocument): void {
  const { counters } = figures;
  showFigure('calls-up', whole(figures.callsUp));
  showFigure('calls-answered-up', whole(figures.callsAnsweredUp));
  showFigure('cps', whole(figures.cps));
  showFigure('cps-peak', whole(history.highestCps()));
  showFigure('answered', whole(counters.callsAnswered));
  showFigure('answered-rate', oneDigit(history.perSecond('callsAnswered')));
  showFigure('failed', whole(counters.callsFailed));
  showFigure('failed-rate', oneDigit(history.perSecond('callsFailed')));
  showFigure('asr', percent(figures.asrPercent ?? undefined));
  showFigure('asr-minute', percent(history.asrLately()));
  drawTrend('calls-trend', history.trendOf('callsUp'), history.historyMax);
  drawTrend('cps-trend', history.trendOf('cps'), history.historyMax);
}

interface Alarm {
  text: string;
  state: State;
}

function alarmsOf(figures: LiveDocument): Alarm[] {
  const alarms: Alarm[] = [];
  const bad = (text: string): number => alarms.push({ text, state: 'bad' });
  const warn = (text: string): number => alarms.push({ text, state: 'warn' });
  if (!figures.cdrLog.accepting) bad('CDR log cannot be written: new calls are refused');
  const { cdrFramesLost } = figures.counters;
  // Calls that nobody is billed for: it stays, however long ago it was.
  if (cdrFramesLost > 0) bad(`CDR records lost since the start: ${whole(cdrFramesLost)}`);
  for (const worker of figures.workers) {
    if (worker.state === 'dead') bad(`Call worker ${worker.index} is dead`);
    else if (worker.gauges.loopStallMs > longStallMs) {
      warn(`Call worker ${worker.index} stood still for ${whole(worker.gauges.loopStallMs)} ms`);
    }
  }
  if (figures.state === 'draining') warn('Draining: new calls are refused');
  const lately = (name: CounterName, text: string): void => {
    const grown = history.grownLately(name);
    if (grown > 0) warn(`${text}: ${whole(grown)} in the last minute`);
  };
  lately('dropRingFull', 'Messages lost, a call worker does not keep up');
  lately('refusedRingFull', 'Calls refused, a call worker does not keep up');
  lately('refusedOverload', 'Calls refused by overload');
  lately('kernelDrops', 'Datagrams dropped by the kernel before they were read');
  lately('refusedMaxCps', 'Calls refused by SS_MAXCPS');
  lately('bugs', 'Calls ended by an internal error');
  return alarms;
}

function gatewayCount(figures: LiveDocument): string {
  const shown = figures.gateways.length;
  if (shown === figures.gatewaysTotal) return whole(shown);
  return `${whole(shown)} with the most lines in use, of ${whole(figures.gatewaysTotal)}`;
}

function gatewayRow(gateway: GatewayFigures): Cell[] {
  const { linesUsed, lineLimit } = gateway;
  const share = lineLimit === 0 ? 0 : (linesUsed * 100) / lineLimit;
  const state: State = share >= 100 ? 'bad' : share >= nearlyFullPercent ? 'warn' : 'good';
  return [
    gateway.name,
    gateway.kind === 'mapping' ? 'in (mapping)' : 'out (routing)',
    { number: whole(linesUsed) },
    { number: lineLimit === 0 ? 'none' : whole(lineLimit) },
    lineLimit === 0
      ? { words: 'no limit', state: 'good' }
      : { share, state, label: `${whole(linesUsed)} of ${whole(lineLimit)} lines` },
    { words: gatewayWords(linesUsed, share), state },
  ];
}

function gatewayWords(linesUsed: number, share: number): string {
  if (share >= 100) return 'full';
  if (share >= nearlyFullPercent) return 'nearly full';
  return linesUsed === 0 ? 'idle' : 'in use';
}

function workerRow(worker: WorkerFigures): Cell[] {
  const load = worker.gauges.busyPermille / 10;
  const state: State = load >= 90 ? 'bad' : load >= 70 ? 'warn' : 'good';
  return [
    String(worker.index),
    { words: worker.state, state: worker.state === 'running' ? 'good' : 'bad' },
    { share: load, state, label: `${oneDigit(load)} % busy` },
    { number: `${whole(worker.gauges.loopStallMs)} ms` },
    { number: whole(worker.gauges.callsUp) },
    { number: whole(worker.restarts) },
  ];
}

function renderCdrLog({ cdrLog, counters }: LiveDocument): void {
  fillTerms('cdr-log', [
    ['State', cdrLog.accepting ? 'written' : 'cannot be written'],
    ['Records', whole(cdrLog.frames)],
    ['Size', bytes(cdrLog.bytes)],
    ['Write errors', whole(counters.cdrWriteErrors)],
    ['Directory', cdrLog.directory],
  ]);
}

/** Counters that grow when something was dropped, refused, left out or went wrong. */
const lossNames =
  /^(drop|refused|skipped)|^(kernelDrops|strayDatagrams|streamsRefused|parseFaults|forgedInDialog|sendErrors|sendTooLarge|sendQueueFull|bugs|cdrWriteErrors|cdrFramesLost|workerRestarts|retransmissionsOut)$/;
const lossRows = counterRows.filter(({ name }) => lossNames.test(name));

function renderLosses({ counters }: LiveDocument): void {
  const seen = lossRows.filter(({ name }) => counters[name] > 0);
  showFigure('losses-count', seen.length === 0 ? 'none since the start' : '');
  fillRows(
    'losses',
    seen.map(({ name, help }) => [
      help,
      { number: whole(counters[name]) },
      { number: whole(history.grownLately(name)) },
    ]),
  );
}

const wholeFormat = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDigitFormat = new Intl.NumberFormat('en', {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

function whole(value: number): string {
  return wholeFormat.format(value);
}

function oneDigit(value: number): string {
  return oneDigitFormat.format(value);
}

function percent(value: number | undefined): string {
  return value === undefined ? '–' : `${oneDigit(value)} %`;
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function bytes(value: number): string {
  let unit = 0;
  let shown = value;
  while (shown >= 1024 && unit < byteUnits.length - 1) {
    shown /= 1024;
    unit++;
  }
  return `${unit === 0 ? whole(shown) : oneDigit(shown)} ${byteUnits[unit]}`;
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const rest = [
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds) % 60,
  ];
  const clock = rest.map((part) => String(part).padStart(2, '0')).join(':');
  return days === 0 ? clock : `${days} d ${clock}`;
}
