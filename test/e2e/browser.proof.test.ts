import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Browser, Page, Response } from 'playwright-core';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { openBrowser } from '../harness/openBrowser.ts';
import { startShop } from '../harness/startShop.ts';
import { type Fate, startUnreliableGateway } from '../harness/startUnreliableGateway.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const { path: data, remove } = temporaryDirectory();
let cloud: Cloud;

beforeAll(async () => {
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
});
afterAll(async () => {
  await cloud.close();
  remove();
});

// A chromium may hang, or drop a beacon, of its own accord on a machine that is short of time: such a story is
// repeated with another visitor, and the reason is printed. A fault of the product occurs three times.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

describeInBrowser('js-client in chromium', () => {
  let browser: Browser;
  let visitors = 0;
  const STEP_MS = 20_000;
  let shop: Awaited<ReturnType<typeof startShop>>;
  beforeAll(async () => {
    [browser, shop] = await Promise.all([openBrowser(), startShop(cloud.collector)]);
  });
  afterAll(async () => {
    await browser.close();
    await shop.close();
  });

  /** Opens the shop as a new visitor, through a gateway that fails by script; gives the visitor's user ID. */
  async function visit(
    script: readonly Fate[] | ((body: Buffer) => Fate),
    story: (
      page: Page,
      gateway: Awaited<ReturnType<typeof startUnreliableGateway>>,
      answers: readonly Response[],
    ) => Promise<void>,
    options = '',
  ): Promise<string> {
    visitors += 1;
    const user = `visitor-${visitors}`;
    const gateway = await startUnreliableGateway(cloud.collector, script);
    const page = await browser.newPage();
    page.setDefaultTimeout(STEP_MS);
    const answers: Response[] = [];
    page.on('response', (response) => {
      if (response.url().startsWith(gateway.url)) answers.push(response);
    });
    try {
      await page.goto(`${shop.page(user, gateway.url)}${options}`);
      await page.waitForFunction('window.client !== undefined');
      await story(page, gateway, answers);
      return user;
    } finally {
      await gateway.close();
      await page.close();
    }
  }

  /**
   * Runs a script in the page and then leaves it. The page leaves by itself, a task later: the answer to an
   * evaluation that navigates may never come.
   */
  const leave = (page: Page, script = '') =>
    page.evaluate(`${script} void setTimeout(() => { location.href = 'about:blank'; })`);

  async function landed(user: string): Promise<{ rows: number; ids: number; names: string }> {
    await cloud.flush();
    const [found] = await runQuery(
      data,
      `SELECT count(*) AS n, count(DISTINCT event_id) AS ids, string_agg(DISTINCT name, ' ' ORDER BY name) AS names FROM (
           SELECT event_id, user_id, event_name AS name FROM statsig_forwarded_events
           UNION ALL SELECT event_id, user_id, exposure_type FROM statsig_forwarded_exposures) WHERE user_id = '${user}'`,
    );
    return { rows: Number(found?.['n']), ids: Number(found?.['ids']), names: String(found?.['names']) };
  }

  /** Ten events: a gate, an experiment, eight clicks. */
  const LOG = `client.checkGate('new_checkout'); client.getExperiment('checkout_button');
      for (let i = 0; i < 8; i += 1) client.logEvent('click', i, { button: 'b' + i });`;

  const holdsClicks = ({ body }: { readonly body: Buffer }) => body.includes('"click"');

  const settled = async (condition: () => boolean) => {
    const deadline = Date.now() + STEP_MS;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`not within ${STEP_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  it('sends through a path of the site itself without a preflight, also from pages that flush and leave', async () => {
    const users = Array.from({ length: 8 }, (_, i) => `own-path-${i}`);
    for (const user of users) {
      const page = await browser.newPage();
      page.setDefaultTimeout(STEP_MS);
      await page.goto(shop.page(user, shop.ownPath));
      await page.waitForFunction('window.client !== undefined');
      await page.evaluate(
        `void (async () => { client.logEvent('order'); await client.flush(); location.href = 'about:blank'; })()`,
      );
      await page.waitForURL('about:blank');
      await page.close();
    }
    for (const user of users) expect(await landed(user)).toMatchObject({ names: 'order', rows: 1 });
    expect(new Set(shop.methods)).toEqual(new Set(['POST']));
  });

  it('sends with fetch across origins, and reads the response', async () => {
    const user = await visit([], async (page, gateway, answers) => {
      await page.evaluate(`${LOG} client.flush()`);
      await settled(() => gateway.posts.length > 0 && answers.length > 0);
      const [post] = gateway.posts;
      expect(post?.headers['origin']).toMatch(/^http:\/\/localhost:\d+$/);
      expect(post?.headers['statsig-event-count']).toBeDefined();
      const cors = (await answers[0]?.headersArray())?.filter(({ name }) =>
        /^access-control-allow-origin$/i.test(name),
      );
      expect(answers[0]?.status()).toBe(202);
      expect(cors).toEqual([{ name: expect.any(String), value: '*' }]);
    });
    expect(await landed(user)).toEqual({ rows: 10, ids: 10, names: 'click config gate' });
  });

  it('sends compressed', async () => {
    const send = async (page: Page, gateway: Awaited<ReturnType<typeof startUnreliableGateway>>) => {
      await page.evaluate(`${LOG} client.flush()`);
      await settled(() => gateway.posts.length > 0);
      const [post] = gateway.posts;
      expect(post?.query.get('gz')).toBe('1');
      expect(post?.collected).toBe(202);
      expect(post?.body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    };
    const user = await visit([], send, '&compress');
    expect(await landed(user)).toEqual({ rows: 10, ids: 10, names: 'click config gate' });
  });

  it('resends rejected and unanswered batches', async () => {
    const user = await visit(['refuse', 'lose'], async (page, gateway) => {
      await page.evaluate(`${LOG} client.flush()`);
      await settled(() => gateway.posts.length >= 3);
    });
    const { rows, ids } = await landed(user);
    expect(ids).toBe(10);
    expect(rows).toBeGreaterThan(10);
  });

  it('sends with a beacon when the page closes', async () => {
    const user = await visit([], async (page, gateway) => {
      await leave(page, LOG);
      await settled(() => gateway.posts.some(holdsClicks));
      const post = gateway.posts.find(holdsClicks);
      expect(post?.headers['statsig-event-count']).toBeUndefined();
      expect(post?.headers['content-type']).toBe('text/plain;charset=UTF-8');
      expect(post?.collected).toBe(202);
    });
    expect(await landed(user)).toEqual({ rows: 10, ids: 10, names: 'click config gate' });
  });

  it('resends with a beacon, under the same IDs, events that landed although the answer was 503', async () => {
    // `lose` won't do: chromium itself posts once more when a connection that it reuses is cut. The SDK's own
    // first flush, of its telemetry, passes: it would send the batch again as soon as it came back.
    let denied = 0;
    const script = (body: Buffer) => (holdsClicks({ body }) && ++denied <= 4 ? 'deny' : 'pass');
    const user = await visit(script, async (page, gateway, answers) => {
      await settled(() => answers.length > 0);
      await page.evaluate(`void (async () => { ${LOG} await client.flush() })()`);
      // After its fourth post the SDK puts the batch back into its queue.
      await settled(() => answers.filter((answer) => answer.status() === 503).length === 4);
      await leave(page);
      await settled(() => gateway.posts.filter(holdsClicks).length === 5);
      const [first, , , , beacon] = gateway.posts.filter(holdsClicks);
      expect(beacon?.headers['statsig-event-count']).toBeUndefined();
      expect(beacon?.body.toString()).toBe(first?.body.toString());
    });
    expect(await landed(user)).toEqual({ rows: 50, ids: 10, names: 'click config gate' });
  });

  it('may post from another origin with the headers of any SDK, each of which is asked for', async () => {
    const user = await visit([], async (page) => {
      const event =
        "{ eventName: 'click', user: { userID: new URLSearchParams(location.search).get('user') } }";
      const headers = { 'content-type': 'application/json', 'statsig-api-key': 'client-browser' };
      const post = `fetch('${cloud.collector}/v1/log', { method: 'POST', headers: ${JSON.stringify(headers)}, body: JSON.stringify({ events: [${event}] }) })`;
      expect(await page.evaluate(`${post}.then((r) => r.status)`)).toBe(202);
    });
    expect(await landed(user)).toEqual({ rows: 1, ids: 1, names: 'click' });
  });
});
