import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GrowthBook, GrowthBookClient } from '@growthbook/growthbook';
import { growthbookTrackingPlugin } from '@growthbook/growthbook/plugins';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KeyCache } from '../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/wire/keys/KeyGate.ts';
import { request, startCollector } from '../collect/startCollector.ts';

const features = {
  checkout: {
    defaultValue: 'plain',
    rules: [
      { key: 'checkout-test', variations: ['plain', 'green'], hashAttribute: 'user_id', weights: [0.5, 0.5] },
    ],
  },
  banner: { defaultValue: 'blue' },
};

/** Fate of a request: it is answered, its answer is lost, or it never arrives. */
type Fate = 'answered' | 'answer lost' | 'lost';

/** The collector behind HTTP, with a fate for each request in turn. */
async function listen(collector: ReturnType<typeof startCollector>, fates: (n: number) => Fate) {
  let requests = 0;
  const server = createServer(async (incoming, outgoing) => {
    const fate = fates(requests++);
    if (fate === 'lost') return void incoming.socket.destroy();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { pathname, search } = new URL(incoming.url ?? '/', 'http://collector');
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
    );
    const { status, answer } = await collector.send(
      request({
        ...{ method: incoming.method ?? '', path: pathname, query: search.slice(1), headers },
        body: Buffer.concat(chunks).toString(),
      }),
    );
    if (fate === 'answer lost') return void incoming.socket.destroy();
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, host: `http://127.0.0.1:${port}`, requests: () => requests };
}

const started = () =>
  startCollector({
    config: { protocols: ['growthbook'] },
    parts: (clock) => ({
      keys: new KeyGate({
        configured: [],
        cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random: () => 0.5, log: () => {} }),
        allowAnyKey: true,
        limit: { perSecond: 10_000, burst: 10_000 },
        clock,
      }),
    }),
  });

const servers: Server[] = [];
beforeAll(() => {
  // The plugin reports a request that fails to the console.
  jest.spyOn(console, 'error').mockImplementation(() => {});
});
afterAll(() => {
  jest.restoreAllMocks();
  for (const server of servers) server.close().closeAllConnections();
});

describe("GrowthBook's own SDK for JavaScript, 1.8.0", () => {
  it('tracks for many users from a server: 1,000 events arrive, field by field, also when answers are lost', async () => {
    const collector = started();
    const { server, host, requests } = await listen(collector, (n) =>
      n % 3 === 1 ? 'answer lost' : 'answered',
    );
    servers.push(server);
    const client = new GrowthBookClient({
      clientKey: 'sdk-abc123',
      plugins: [growthbookTrackingPlugin({ ingestorHost: host, queueFlushInterval: 1 })],
    }).initSync({ payload: { features } });
    const expected = new Map<string, string>();
    for (let i = 0; i < 250; i += 1) {
      const user = client.createScopedInstance({
        attributes: { user_id: `u${i}`, device_id: `d${i}`, session_id: `s${i}`, country: 'DE', seats: i },
        url: 'https://shop.example/cart',
      });
      expected.set(`u${i}`, user.getFeatureValue('checkout', 'none') === 'green' ? '1' : '0');
      user.getFeatureValue('banner', 'none');
      user.logEvent('purchase', { value: i, sku: `sku-${i}` });
      // Several requests: each flush takes what is there.
      if (i % 50 === 49) await until(() => requests() > i / 50);
    }
    await until(() => collector.rows.events.length === 250 && collector.rows.exposures.length === 750);
    const { exposures, events, quarantine } = collector.rows;
    const viewed = exposures.filter((row) => row['exposure_type'] === 'experiment');
    expect(new Map(viewed.map((row) => [row['user_id'], row['group_id']]))).toEqual(expected);
    expect(new Set(expected.values())).toEqual(new Set(['0', '1']));
    for (const row of [...exposures, ...events]) {
      const i = String(row['user_id']).slice(1);
      expect(row).toMatchObject({
        ...{ stable_id: `d${i}`, session_id: `s${i}`, sdk_type: 'growthbook-js', sdk_version: '1.8.0' },
        ...{ protocol: 'growthbook', environment: 'production' },
      });
      expect(JSON.parse(String(row['user_dimensions'] ?? row['user_object']))).toMatchObject({
        ...{ userID: `u${i}`, customIDs: { stableID: `d${i}` }, custom: { country: 'DE', seats: Number(i) } },
      });
    }
    for (const row of viewed) {
      expect(row).toMatchObject({ experiment_id: 'checkout-test', is_assignment: true });
      expect(JSON.parse(String(row['metadata']))).toMatchObject({ hashAttribute: 'user_id' });
    }
    const evaluated = exposures.filter((row) => row['exposure_type'] === 'feature');
    expect(evaluated.filter((row) => row['experiment_id'] === 'checkout')).toHaveLength(250);
    expect(
      evaluated.filter((row) => row['experiment_id'] === 'banner' && row['rule_id'] === '$default'),
    ).toHaveLength(250);
    for (const row of events) {
      const i = String(row['user_id']).slice(1);
      expect(row).toMatchObject({ event_name: 'purchase', event_value: i });
      expect(JSON.parse(String(row['company_metadata']))).toEqual({ sku: `sku-${i}`, value: Number(i) });
    }
    expect([quarantine, requests() > 2]).toEqual([[], true]);
    client.destroy();
  });

  it('does not send a batch again that did not arrive', async () => {
    const collector = started();
    const { server, host, requests } = await listen(collector, (n) => (n === 0 ? 'lost' : 'answered'));
    servers.push(server);
    const gb = new GrowthBook({
      clientKey: 'sdk-abc123',
      attributes: { id: 'device-1' },
      plugins: [growthbookTrackingPlugin({ ingestorHost: host, queueFlushInterval: 1 })],
    }).initSync({ payload: { features } });
    await gb.logEvent('first');
    await gb.logEvent('second');
    expect(requests()).toBe(2);
    expect(collector.rows.events).toMatchObject([{ event_name: 'second', stable_id: 'device-1' }]);
    gb.destroy();
  });
});

/** Resolves when a condition holds that requests on their way make true. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
