import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runDriver } from '../../demo/story/runDriver.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { openBrowser } from '../harness/openBrowser.ts';
import { type Recorded, type RecordingTarget, recordingTarget } from '../harness/recordingTarget.ts';
import { statsigFixtures } from '../harness/StatsigFixture.ts';
import { startShop } from '../harness/startShop.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';

/** Headers that belong to a connection. */
const OF_CONNECTIONS = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);
/** Headers of the sender that are relayed besides `statsig-…`: docs/relay.md. */
const RELAYED = new Set(['accept-language', 'content-encoding', 'content-type', 'user-agent']);

/** A request as it must arrive: everything that relay promises to leave as it is. */
const asSent = ({ method, url, headers, body }: Recorded) => ({
  method,
  url,
  headers: Object.fromEntries(
    Object.entries(headers).filter(([name]) => RELAYED.has(name) || name.startsWith('statsig-')),
  ),
  body: body.toString('base64'),
});

/** A request as it arrived, with all headers except the connection's own. */
const asArrived = ({ method, url, headers, body }: Recorded) => ({
  method,
  url,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTIONS.has(name))),
  body: body.toString('base64'),
});

/** A beacon has no headers of its SDK. */
const isBeacon = ({ method, url, headers }: Recorded) =>
  method === 'POST' && url.includes('k=') && headers['statsig-event-count'] === undefined;

const inOrder = <T>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

describe('relay of what real SDKs send', () => {
  let target: RecordingTarget;
  /** In front of the collector: what the SDKs have sent. */
  let front: RecordingTarget;
  let world: StoryCloud;
  const passing: Promise<void>[] = [];
  beforeAll(async () => {
    target = await recordingTarget();
    front = await recordingTarget();
    world = await storyCloud({ relay: { url: target.url } });
    // The first call to SQS also loads its client, which can take a busy machine longer than relay waits: the request would
    // have a copy in the queue and one in the bucket, and arrive twice.
    expect(await world.post({ events: [{ eventName: 'first' }] })).toBe(202);
    await world.cloud.flush();
    front.behave((response, one) => void passing.push(pass(one, response)));
  });
  afterAll(async () => {
    await front.close();
    await world?.close();
    await target.close();
  });

  /** Passes a request on to the collector as it is, and its answer back. */
  async function pass({ method, url, headers, body }: Recorded, response: ServerResponse): Promise<void> {
    const sent = send(`${world.cloud.collector}${url}`, { method, headers });
    sent.end(body);
    try {
      const [answer]: IncomingMessage[] = (await once(sent, 'response')) as IncomingMessage[];
      if (answer === undefined) throw new Error('no answer');
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(await buffer(answer));
    } catch {
      response.destroy();
    }
  }

  /** Requests that were sent during an action, and those that arrived, each in the same order. */
  async function during(act: () => Promise<unknown>) {
    const sentBefore = front.recorded.length;
    const arrivedBefore = target.recorded.length;
    await act();
    await Promise.all(passing);
    await world.cloud.flush();
    const posts = front.recorded
      .slice(sentBefore)
      .filter(({ method, url }) => method === 'POST' && !url.startsWith('/v1/sdk_exception'));
    // The gateway sees the sender's address.
    const sent = inOrder(
      posts
        .map(asSent)
        .map((one) => ({ ...one, headers: { ...one.headers, 'x-forwarded-for': '127.0.0.1' } })),
    );
    return { sent, arrived: inOrder(target.recorded.slice(arrivedBefore).map(asArrived)) };
  }

  /** How the bodies were compressed, and where the key was. */
  const formsOf = (all: readonly ReturnType<typeof asSent>[]) =>
    [
      ...new Set(
        all.map(({ url, headers }) => {
          const encoding = headers['content-encoding'] ?? (url.includes('gz=1') ? 'gzip by query' : 'plain');
          return `${encoding}, key in ${headers['statsig-api-key'] === undefined ? 'query' : 'header'}`;
        }),
      ),
    ].join('; ');

  it.each([
    ['@statsig/statsig-node-core', 'driveNodeCore.ts', 'secret-sdk', {}, 'zstd, key in header'],
    ['statsig-node', '../../test/harness/sdks/driveStatsigNode.ts', 'secret-sdk', {}, 'gzip, key in header'],
    ['@statsig/js-client', 'driveJsClient.ts', 'client-sdk', {}, 'plain, key in query'],
    [
      '@statsig/js-client, compressing, at a path of ours',
      'driveJsClient.ts',
      'client-sdk',
      { compress: true, path: '/a/path-of-ours' },
      'gzip by query, key in query',
    ],
    ['statsig-js', '../../test/harness/sdks/driveStatsigJs.ts', 'client-sdk', {}, 'plain, key in header'],
  ])('delivers byte for byte what %s sends', async (_, driver, key, settings, forms) => {
    const { sent, arrived } = await during(() =>
      runDriver(driver, { collector: front.url, key, users: 8, ...settings }),
    );
    expect(sent.length).toBeGreaterThan(0);
    expect(formsOf(sent)).toBe(forms);
    expect(arrived).toEqual(sent);
  });

  it('delivers byte for byte what SDKs have sent once, in Chromium and under other settings', async () => {
    const fixtures = statsigFixtures().map(([, fixture]) => fixture);
    const { sent, arrived } = await during(async () => {
      for (const { path, query, headers, body } of fixtures) {
        const kept = Object.entries(headers).filter(([name]) => !OF_CONNECTIONS.has(name.toLowerCase()));
        const search = query === '' ? '' : `?${query}`;
        const answer = await fetch(`${front.url}${path}${search}`, {
          method: 'POST',
          headers: Object.fromEntries(kept),
          body: Buffer.from(body, 'base64'),
        });
        expect(answer.status).toBe(202);
      }
    });
    expect(sent).toHaveLength(fixtures.length);
    expect(arrived).toEqual(sent);
  });

  describeInBrowser('of js-client in chromium', () => {
    it('delivers byte for byte its fetches and its beacon', async () => {
      const [browser, shop] = await Promise.all([openBrowser(), startShop()]);
      try {
        const { sent, arrived } = await during(async () => {
          const page = await browser.newPage();
          await page.goto(shop.page('visitor', front.url));
          await page.waitForFunction('window.client !== undefined');
          await page.evaluate(`client.logEvent('click', 1); client.flush()`);
          const before = front.recorded.length;
          await page.evaluate(
            `client.logEvent('left', 'ü'); void setTimeout(() => { location.href = 'about:blank'; })`,
          );
          const hasBeacon = () => front.recorded.slice(before).some(isBeacon);
          for (let count = before + 1; !hasBeacon(); count += 1) await front.received(count);
          await page.close();
        });
        expect(sent.length).toBeGreaterThan(1);
        expect(arrived).toEqual(sent);
      } finally {
        await browser.close();
        await shop.close();
      }
    });
  });
});
