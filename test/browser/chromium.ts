// Chromium without a window, driven over its DevTools protocol: opens a page, asks it questions, waits
// for an answer to become true, takes a picture.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined where this machine has none. */
export const chromiumPath: string | undefined = programs.find((path) => existsSync(path));

export interface Page {
  open(url: string): Promise<void>;
  /** Value of an expression in the page. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Resolves once the expression is true; asked after each frame that the page draws. */
  until(expression: string): Promise<void>;
  setViewport(width: number, height: number, scheme: 'dark' | 'light'): Promise<void>;
  /** PNG. */
  screenshot(): Promise<Buffer>;
  /** Errors and warnings of the page's console, and exceptions. */
  readonly complaints: string[];
  close(): Promise<void>;
}

interface Reply {
  id?: number;
  method?: string;
  result?: Record<string, unknown>;
  error?: { message: string };
  params?: Record<string, unknown>;
}

type Call = (method: string, params?: object) => Promise<Record<string, unknown>>;

export async function openPage(): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'tandem-chromium-'));
  const child = spawn(
    chromiumPath!,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    // A process group of its own: renderers and the network service outlive the browser by a moment.
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: { ...process.env, TMPDIR: profile },
    },
  );
  const browserUrl = await devToolsUrl(child);
  const targets = await fetch(`http://${new URL(browserUrl).host}/json/list`);
  const [target] = (await targets.json()) as { webSocketDebuggerUrl: string; type: string }[];
  const socket = new WebSocket(target!.webSocketDebuggerUrl, { perMessageDeflate: false });
  await once(socket, 'open');
  const complaints: string[] = [];
  const call = callsOver(socket, complaints);
  await call('Page.enable');
  await call('Runtime.enable');
  await call('Log.enable');
  return {
    ...pageActions(call),
    complaints,
    close: async () => {
      // 'close', not 'exit': their end of the pipe is held by every process of the group.
      const ended = once(child, 'close');
      socket.close();
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
      await removeProfile(profile);
    },
  };
}

/** A killed process may still end a write of its own: a folder emptied a moment ago can be full again. */
async function removeProfile(profile: string): Promise<void> {
  for (let left = 50; left > 0; left--) {
    try {
      return await rm(profile, { recursive: true, force: true });
    } catch (error) {
      if (left === 1 || (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
    await setTimeout(20);
  }
}

async function devToolsUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stderr! })) {
    const found = /DevTools listening on (ws:\S+)/.exec(line);
    if (found !== null) {
      child.stderr!.resume();
      return found[1]!;
    }
  }
  throw new Error('chromium ended before it listened');
}

function callsOver(socket: WebSocket, complaints: string[]): Call {
  let lastId = 0;
  const pending = new Map<number, (reply: Reply) => void>();
  socket.on('message', (message: Buffer) => {
    const reply = JSON.parse(message.toString()) as Reply;
    if (reply.id !== undefined) {
      pending.get(reply.id)?.(reply);
      pending.delete(reply.id);
    } else if (isComplaint(reply)) {
      complaints.push(JSON.stringify(reply.params));
    }
  });
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      pending.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
}

function isComplaint({ method, params }: Reply): boolean {
  if (method === 'Runtime.exceptionThrown') return true;
  if (method !== 'Log.entryAdded') return false;
  const { level } = params!.entry as { level: string };
  return level === 'error' || level === 'warning';
}

function pageActions(call: Call): Omit<Page, 'complaints' | 'close'> {
  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const { result, exceptionDetails } = (await call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: Value }; exceptionDetails?: { text: string } };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  };
  return {
    evaluate,
    async open(url) {
      await call('Page.navigate', { url });
      await evaluate(
        `new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))`,
      );
    },
    until: (expression) =>
      evaluate(
        `new Promise((done) => { const ask = () => (${expression}) ? done() : setTimeout(ask, 20); ask(); })`,
      ),
    async setViewport(width, height, scheme) {
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      await call('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
    },
    async screenshot() {
      const { data } = (await call('Page.captureScreenshot', { format: 'png' })) as {
        data: string;
      };
      return Buffer.from(data, 'base64');
    },
  };
}
