// Drives the real statsig-js, the legacy browser SDK, like driveJsClient.ts its successor: people sign in on one device one
// after another. Prints what it logged as one JSON line.
//   node test/harness/sdks/driveStatsigJs.ts '{"collector":"http://127.0.0.1:4700","key":"client-demo"}'
import { setTimeout } from 'node:timers/promises';
import { browserUser, driverSettings, readSettings } from '../../../demo/sdks/driverSettings.ts';
import { EventTally } from '../../../demo/sdks/EventTally.ts';
import { openWindow, startBrowserSpecs } from '../../../demo/sdks/startBrowserSpecs.ts';

const settings = readSettings(driverSettings.statsigJs);
const window = openWindow();
const { default: statsigJs } = await import('statsig-js');
const specs = await startBrowserSpecs(settings.hash);

const trueNow = Date.now;
const senderNow = () => trueNow() + settings.clockOffsetMs;
Date.now = senderNow;

// A flush of this SDK returns and fires nothing: only `fetch` shows the result of its posts.
const collector = `${settings.collector}${settings.path ?? '/v1'}`;
const acknowledged = new EventTally();
const failures = new Map<string, number>();
const trueFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const body = init?.body;
  if (!String(input).startsWith(collector) || typeof body !== 'string') return trueFetch(input, init);
  const failed = () => failures.set(body, (failures.get(body) ?? 0) + 1);
  try {
    const response = await trueFetch(input, init);
    if (!response.ok) failed();
    else {
      failures.delete(body);
      const { events }: { events: { eventName: string; time: number }[] } = JSON.parse(body);
      for (const event of events) acknowledged.count(event);
    }
    return response;
  } catch (error) {
    failed();
    throw error;
  }
};

/** Events of one visit, at most. */
const EVENTS_PER_VISIT = 8;
/** The length of the SDK's queue at which it sends by itself. Half of it is flushed here, so that it never does. */
const QUEUED_AT_MOST = 500;
/** How long a flush may take, milliseconds. */
const FLUSH_MS = 60_000;

/** The SDK posts a batch this many times, then keeps it until the page is opened again. */
const TRIES = 3;

const openPage = async () => {
  const page = new statsigJs.StatsigClient(settings.key, browserUser(settings, 0), {
    api: specs.api,
    eventLoggingApi: collector,
    loggingBufferMaxSize: QUEUED_AT_MOST,
    loggingIntervalMillis: 1_000,
    disableErrorLogging: true, // They go to Statsig, whatever the endpoint of events.
    disableHashing: settings.hash === 'none',
    ...(settings.environment === undefined ? {} : { environment: { tier: settings.environment } }),
  });
  await page.initializeAsync();
  return page;
};
let client = await openPage();

const tally = new EventTally();
let queued = 0;

/** Flushes until all that was logged is acknowledged. @throws Error if it is not within a minute. */
async function flush(): Promise<void> {
  const deadline = trueNow() + FLUSH_MS;
  client.flushEvents();
  while (acknowledged.rows < tally.rows && trueNow() < deadline) {
    await setTimeout(250);
    const givenUp = [...failures].filter(([, tries]) => tries >= TRIES);
    if (givenUp.length === 0) continue;
    // The next page posts a kept batch once, and drops it if that fails.
    for (const [body] of givenUp) failures.set(body, TRIES - 1);
    client.shutdown();
    client = await openPage();
  }
  if (acknowledged.rows < tally.rows)
    throw new Error(`${acknowledged.rows} of ${tally.rows} events were acknowledged.`);
  queued = 0;
}

/**
 * What a shopper does in one visit of the shop, each event of which is counted.
 *
 * @param i Number of the visit.
 * @param now The clock of the visit.
 */
function visit(i: number, now: () => number): void {
  const count = tally.counter(now);
  client.checkGate('new_checkout');
  count('statsig::gate_exposure');
  const button = client.getExperiment('checkout_button');
  count('statsig::config_exposure', { experiment: 'checkout_button', ruleId: button.getRuleID() });
  client.getConfig('shipping_table');
  count('statsig::config_exposure');
  const homepage = client.getLayer('homepage');
  homepage.get('headline', '');
  count('statsig::layer_exposure', { experiment: 'homepage_hero', ruleId: homepage.getRuleID() });
  homepage.get('images', 0);
  count('statsig::layer_exposure');
  client.logEvent('page_view', '/checkout', { referrer: '/cart' });
  count('page_view');
  client.logEvent('add_to_cart', 1, { sku: `sku-${i % 5}` });
  count('add_to_cart');
  if (i % 2 === 0) {
    client.logEvent('purchase', 19.99, { sku: `sku-${i % 5}`, currency: 'EUR' });
    count('purchase');
  }
}

for (const day of settings.days ?? [senderNow() - settings.users * 1_000]) {
  for (let i = 0; i < settings.users; i += 1) {
    if (queued + EVENTS_PER_VISIT > QUEUED_AT_MOST / 2) await flush();
    await client.updateUser(browserUser(settings, i));
    // Only while it logs: the times of a batch that is sent with another day's clock would be corrected.
    Date.now = () => day + i * 1_000;
    visit(i, Date.now);
    Date.now = senderNow;
    queued += EVENTS_PER_VISIT;
  }
}
await flush();
client.shutdown();
await specs.close();
await window.happyDOM.close();
process.stdout.write(
  tally.line('statsig-js'),
  // Its timers would keep the process running.
  () => process.exit(),
);
