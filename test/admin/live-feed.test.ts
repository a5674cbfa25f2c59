// WebSocket /api/v1/live on both listeners: the token first, then figures each time the engine reports.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { liveClientsMax } from '../../admin/live-feed.ts';
import { type LiveDocument, liveGatewaysMax } from '../../admin/status-document.ts';
import { type AdminFixture, listenersUnderTest, openAdminFixture } from './admin-fixture.ts';
import { figuresOf } from './fake-engine.ts';

for (const listener of await listenersUnderTest()) {
  describe(`live feed on ${listener.name}`, { skip: listener.skip }, () => {
    let admin: AdminFixture;
    let address: string;
    before(async () => {
      admin = await openAdminFixture(listener.open);
      address = `${admin.url.replace('http', 'ws')}/api/v1/live`;
    });
    after(() => admin.close());

    const nextFigures = async (client: WebSocket): Promise<LiveDocument> => {
      const [message] = (await once(client, 'message')) as [Buffer];
      return (JSON.parse(message.toString()) as { figures: LiveDocument }).figures;
    };
    const signedIn = async (): Promise<WebSocket> => {
      const client = new WebSocket(address);
      await once(client, 'open');
      client.send(JSON.stringify({ token: admin.token }));
      return client;
    };

    it('sends the latest figures at once, and each new ones', async () => {
      const client = await signedIn();
      assert.equal((await nextFigures(client)).callsUp, 42);
      const next = nextFigures(client);
      admin.engine.push(figuresOf({ callsUp: 43 }));
      assert.equal((await next).callsUp, 43);
      client.close();
    });

    it('sends nothing before the token, and closes on a wrong one', async () => {
      for (const first of ['{"token":"x"}', 'not JSON', 'null', '{}']) {
        const client = new WebSocket(address);
        let messages = 0;
        client.on('message', () => messages++);
        await once(client, 'open');
        admin.engine.push(figuresOf());
        client.send(first);
        const [code] = (await once(client, 'close')) as [number];
        assert.equal(code, 1008, first);
        assert.equal(messages, 0);
      }
    });

    it('refuses a page of another origin', async () => {
      const own = new WebSocket(address, { origin: admin.url });
      await once(own, 'open');
      own.close();
      for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1']) {
        const client = new WebSocket(address, { origin });
        const [error] = (await once(client, 'error')) as [Error];
        assert.match(error.message, /403/);
      }
    });

    it('sends the busiest gateways when there are many', async () => {
      const gateways = Array.from({ length: 1000 }, (_, i) => ({
        name: `g${i}`,
        kind: 'routing' as const,
        linesUsed: i,
        lineLimit: 0,
        cpsLimit: 0,
        cps: null,
      }));
      admin.engine.push(figuresOf({ gateways }));
      const client = await signedIn();
      const figures = await nextFigures(client);
      assert.equal(figures.gateways.length, liveGatewaysMax);
      assert.equal(figures.gateways[0]?.name, 'g999');
      assert.equal(figures.gatewaysTotal, 1000);
      client.close();
      admin.engine.push(figuresOf());
    });

    it('has a cap on clients, and room again when one leaves', async () => {
      const clients: WebSocket[] = [];
      for (let i = 0; i < liveClientsMax; i++) {
        const client = await signedIn();
        await nextFigures(client);
        clients.push(client);
      }
      const extra = new WebSocket(address);
      const [code] = (await once(extra, 'close')) as [number];
      assert.equal(code, 1013);
      const metrics = await (await admin.get('/metrics')).text();
      assert.match(metrics, new RegExp(`^tandem_admin_live_clients ${liveClientsMax}$`, 'm'));
      for (const client of clients) client.close();
      await Promise.all(clients.map((client) => once(client, 'close')));
      const client = await signedIn();
      assert.equal((await nextFigures(client)).callsUp, 42);
      client.close();
    });
  });
}
