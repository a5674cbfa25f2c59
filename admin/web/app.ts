/// <reference lib="dom" />
// The live page in the browser: shows the token, takes the figures each second over a WebSocket,
// connects again when the link breaks. The token stays in this tab's session storage.
import type { LiveDocument } from '../status-document.ts';
import { renderBoard } from './board.ts';
import { element, setText } from './page-elements.ts';

const storageKey = 'tandem-token';
const retryMs = [500, 1000, 2000, 4000, 5000];
/** Figures come each second; after this long what the page shows is old. */
const staleMs = 4000;
const closePolicy = 1008;

let token = takeToken();
let retries = 0;
let lastFiguresAt = 0;
let connected = false;

/** "#token=…" makes an address that can be clicked; it is taken out of the address bar at once. */
function takeToken(): string {
  const fromFragment = new URLSearchParams(location.hash.slice(1)).get('token');
  if (fromFragment !== null) {
    sessionStorage.setItem(storageKey, fromFragment);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(storageKey) ?? '';
}

function connect(): void {
  showLink('wait', 'Connecting…');
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(`${scheme}//${location.host}/api/v1/live`);
  socket.addEventListener('open', () => socket.send(JSON.stringify({ token })));
  socket.addEventListener('message', (event) => receive(String(event.data)));
  socket.addEventListener('close', (event) => {
    connected = false;
    if (event.code === closePolicy) signIn('This is not the token of this node.');
    else retryLater(event.reason);
  });
}

function retryLater(reason: string): void {
  const waitMs = retryMs[Math.min(retries, retryMs.length - 1)]!;
  retries++;
  showLink('bad', `Connection lost${reason === '' ? '' : ` (${reason})`}, trying again`);
  element('board').classList.add('stale');
  setTimeout(connect, waitMs);
}

function receive(text: string): void {
  const message = JSON.parse(text) as { kind: string; figures: LiveDocument };
  if (message.kind !== 'figures') return;
  connected = true;
  retries = 0;
  lastFiguresAt = Date.now();
  showLink('good', 'Live');
  element('sign-in').hidden = true;
  const board = element('board');
  board.hidden = false;
  board.classList.remove('stale');
  renderBoard(message.figures, lastFiguresAt);
}

function showLink(state: 'good' | 'wait' | 'bad', text: string): void {
  const link = element('link');
  link.dataset.state = state;
  setText(link, text);
}

function signIn(problem: string): void {
  token = '';
  sessionStorage.removeItem(storageKey);
  showLink('wait', 'Not connected');
  element('board').hidden = true;
  element('sign-in').hidden = false;
  const shown = element('sign-in-problem');
  shown.hidden = problem === '';
  setText(shown, problem);
  element('token').focus();
}

function watchForSilence(): void {
  if (!connected || Date.now() - lastFiguresAt < staleMs) return;
  showLink('bad', 'No figures from the engine');
  element('board').classList.add('stale');
}

element('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = element('token') as HTMLInputElement;
  token = input.value.trim();
  input.value = '';
  sessionStorage.setItem(storageKey, token);
  connect();
});
setInterval(watchForSilence, 1000);
if (token === '') signIn('');
else connect();
