// The live page in a real browser: asks for the token, shows figures and sees them change, says states in
// words, puts what peers chose on the page as text, and comes back after the node was away.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { openNodeHttpListener } from '../../native-free/node-http-listener.ts';
import { type AdminFixture, openAdminFixture } from '../admin/admin-fixture.ts';
import { figuresOf } from '../admin/fake-engine.ts';
import { chromiumPath, openPage, type Page } from './chromium.ts';

const skip = chromiumPath === undefined ? 'no Chromium on this machine' : false;
const markup = '<img src=x onerror="document.title=\'owned\'">';

describe('live page', { skip }, () => {
  let admin: AdminFixture;
  let page: Page;
  before(async () => {
    admin = await openAdminFixture(openNodeHttpListener);
    page = await openPage();
    await page.setViewport(1280, 900, 'dark');
  });
  after(async () => {
    await page.close();
    await admin.close();
  });
  const textOf = (id: string): Promise<string> =>
    page.evaluate(`document.getElementById('${id}').textContent`);
  const shows = (id: string, text: string): Promise<void> =>
    page.until(`document.getElementById('${id}').textContent === ${JSON.stringify(text)}`);
  /** Where TANDEM_SCREENSHOTS names a folder, for people to look at. */
  const keepScreenshot = async (name: string): Promise<void> => {
    const folder = process.env.TANDEM_SCREENSHOTS;
    if (folder !== undefined) writeFileSync(`${folder}/${name}.png`, await page.screenshot());
  };

  it('asks for the token, says when it is wrong, and shows the switch when it is right', async () => {
    await page.open(`${admin.url}/`);
    await page.until(`!document.getElementById('sign-in').hidden`);
    await keepScreenshot('sign-in');
    const submit = (token: string): Promise<void> =>
      page.evaluate(
        `document.getElementById('token').value = '${token}'; document.querySelector('#sign-in button').click()`,
      );
    await submit('x'.repeat(43));
    await page.until(`!document.getElementById('sign-in-problem').hidden`);
    await submit(admin.token);
    await page.until(`!document.getElementById('board').hidden`);
    await shows('calls-up', '42');
    assert.equal(await textOf('link'), 'Live');
  });

  it('takes the token from the fragment and removes it from the address', async () => {
    await page.evaluate('sessionStorage.clear()');
    await page.open('about:blank');
    await page.open(`${admin.url}/#token=${admin.token}`);
    await page.until(`!document.getElementById('board').hidden`);
    assert.equal(await page.evaluate('location.hash'), '');
  });

  it('sees figures change', async () => {
    admin.engine.push(figuresOf({ callsUp: 1234, cps: 56, configurationVersion: 7 }));
    await shows('calls-up', '1,234');
    await shows('cps', '56');
    assert.match(await textOf('facts'), /configuration 7, running, up 1 d 02:03:04/);
    const figures = figuresOf({ callsUp: 1300 });
    figures.counters.callsAnswered += 30;
    figures.counters.callsFailed += 10;
    admin.engine.push(figures);
    await shows('calls-up', '1,300');
    assert.equal(await textOf('asr-minute'), '75.0 %');
  });

  it('says states in words', async () => {
    const figures = figuresOf({
      state: 'draining',
      cdrLog: { ...figuresOf().cdrLog, accepting: false },
      gateways: [
        { name: 'full', kind: 'mapping', linesUsed: 100, lineLimit: 100, cpsLimit: 0, cps: null },
        { name: 'near', kind: 'routing', linesUsed: 95, lineLimit: 100, cpsLimit: 0, cps: null },
        { name: 'idle', kind: 'routing', linesUsed: 0, lineLimit: 100, cpsLimit: 0, cps: null },
      ],
    });
    figures.workers[1]!.state = 'dead';
    figures.counters.dropRingFull += 9;
    figures.counters.cdrFramesLost = 3;
    admin.engine.push(figures);
    await page.until(`document.getElementById('alarms').children.length >= 5`);
    const alarms = await textOf('alarms');
    for (const words of [
      /CDR log cannot be written/,
      /worker 1 is dead/,
      /Draining/,
      /lost.*: 9 in the last minute/,
      /CDR records lost since the start: 3/,
    ]) {
      assert.match(alarms, words);
    }
    assert.match(await textOf('losses'), /frames given up because the disk did not write/);
    assert.match(await textOf('gateways'), /nearly full/);
    assert.match(await textOf('gateways'), /full.*idle/);
    await keepScreenshot('alarms');
  });

  it('shows what comes from outside as text', async () => {
    const gateways = [
      {
        name: markup,
        kind: 'routing' as const,
        linesUsed: 1,
        lineLimit: 0,
        cpsLimit: 0,
        cps: null,
      },
    ];
    admin.engine.push(figuresOf({ node: markup, gateways }));
    await page.until(`document.getElementById('gateways').textContent.includes('onerror')`);
    assert.equal(await page.evaluate(`document.querySelectorAll('img').length`), 0);
    assert.equal(await textOf('node'), markup);
  });

  it('fits a small screen', async () => {
    admin.engine.push(figuresOf());
    await shows('node', 'edge-1');
    await page.setViewport(380, 800, 'light');
    const wider = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
    assert.equal(wider, false);
    await keepScreenshot('small');
    await page.setViewport(1280, 900, 'light');
    await keepScreenshot('light');
    await page.setViewport(1280, 900, 'dark');
  });

  it('makes the browser complain of nothing', () => {
    assert.deepEqual(page.complaints, []);
  });

  it('says when the node is away', async () => {
    await admin.close();
    await page.until(`document.getElementById('link').dataset.state === 'bad'`);
    assert.match(await textOf('link'), /Connection lost/);
    admin = await openAdminFixture(openNodeHttpListener);
  });
});
