// Which HTTP listener this process runs on: uWebSockets.js where it loads, else node:http. One log line
// says which, and why.
import type { Log } from '../workers/log.ts';
import type { OpenListener } from './listener.ts';
import { loadUwsListener } from './uws-listener.ts';

export async function chooseListener(log: Log): Promise<OpenListener> {
  const loaded = await loadUwsListener();
  if (typeof loaded === 'string') {
    log.info({ listener: 'node:http', because: loaded }, 'admin listener: native-free stand-in');
    return (await import('../native-free/node-http-listener.ts')).openNodeHttpListener;
  }
  log.info({ listener: 'uWebSockets.js' }, 'admin listener: native');
  return loaded;
}
