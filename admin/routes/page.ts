// The live page: a few static files, read once at start. They hold no figures and no secret, so they are
// served without a token; the page asks for it.
import { readFileSync } from 'node:fs';
import type { Route } from './route.ts';

const scriptType = 'text/javascript; charset=utf-8';
/** Address and compiled file; the addresses are those that the scripts' imports of each other lead to. */
const scripts: readonly (readonly [string, string])[] = [
  ['/app.js', 'admin/web/app.js'],
  ['/board.js', 'admin/web/board.js'],
  ['/history.js', 'admin/web/history.js'],
  ['/page-elements.js', 'admin/web/page-elements.js'],
  ['/core/metrics/counter-layout.js', 'core/metrics/counter-layout.js'],
];

interface Asset {
  path: string;
  contentType: string;
  content: Uint8Array;
}

/** Scripts lie compiled beside this module's folder; HTML and CSS are served from the source tree. The
 *  counter table is the engine's own, so that the page has its words for every counter. */
export function pageRoutes(packageRoot: URL): Route[] {
  const compiled = new URL('../../', import.meta.url);
  const source = new URL('admin/web/', packageRoot);
  const assets: Asset[] = [
    asset('/', 'text/html; charset=utf-8', new URL('index.html', source)),
    asset('/style.css', 'text/css; charset=utf-8', new URL('style.css', source)),
    asset('/favicon.svg', 'image/svg+xml', new URL('favicon.svg', source)),
    ...scripts.map(([path, file]) => asset(path, scriptType, new URL(file, compiled))),
  ];
  return assets.map(({ path, contentType, content }) => ({
    method: 'GET',
    path,
    open: true,
    operation: { summary: `The live page: ${path}`, reply: { [contentType]: { type: 'string' } } },
    handle: () => ({
      status: 200,
      headers: { 'content-type': contentType, 'cache-control': 'no-cache' },
      body: content,
    }),
  }));
}

function asset(path: string, contentType: string, file: URL): Asset {
  return { path, contentType, content: readFileSync(file) };
}
