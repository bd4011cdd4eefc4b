// Drives the real @statsig/js-client like a shop's web page, and prints what the SDK logged as one JSON line. One child
// process is one device: people sign in one after another, on each of the given days, while the device is offline. Then
// it goes online, with the correct clock, and flushes.
//   node demo/sdks/driveJsClient.ts '{"collector":"http://127.0.0.1:4700","key":"client-demo","days":[…]}'
import { setTimeout } from 'node:timers/promises';
import { valueAt } from '../../lib/base/json.ts';
import { browserUser, driverSettings, readSettings } from './driverSettings.ts';
import { EventTally, type TalliedEvent } from './EventTally.ts';
import { openWindow, startBrowserSpecs } from './startBrowserSpecs.ts';

const settings = readSettings(driverSettings.jsClient);
const window = openWindow();
const { StatsigClient } = await import('@statsig/js-client');
const specs = await startBrowserSpecs(settings.hash);

const client = new StatsigClient(settings.key, browserUser(settings, 0), {
  loggingEnabled: 'disabled', // The device is offline: the SDK keeps events in localStorage until logging is enabled.
  disableStatsigEncoding: true,
  logLevel: 1,
  logEventCompressionMode: settings.compress ? 'f' : 'e',
  ...(settings.environment === undefined ? {} : { environment: { tier: settings.environment } }),
  networkConfig: {
    initializeUrl: specs.initializeUrl,
    initializeHashAlgorithm: settings.hash,
    logEventUrl: `${settings.collector}${settings.path ?? '/v1/rgstr'}`,
    sdkExceptionUrl: `${settings.collector}/v1/sdk_exception`,
  },
});

const tally = new EventTally();
// The SDK fires this only after a 2xx response to a batch.
client.on('logs_flushed', ({ events }) => {
  for (const event of events) tally.count(talliedEvent(event));
});

/** An event of js-client as the demo counts it. */
function talliedEvent(event: Readonly<Record<string, unknown>>): TalliedEvent {
  const read = (key: string) => valueAt(event, ['metadata', key]);
  // The layer has one experiment, whose name may be hashed in the request. The layer sets only the explicit parameter.
  const ofConfig = read('config') === 'checkout_button' ? 'checkout_button' : undefined;
  const experiment = read('isExplicitParameter') === 'true' ? 'homepage_hero' : ofConfig;
  return {
    eventName: String(event['eventName']),
    time: Number(event['time']),
    ...(experiment === undefined ? {} : { rule: { experiment, ruleId: String(read('ruleID')) } }),
  };
}

/** Rows of a visit: five exposures, two of them of the layer, and two events. A purchase is one more. */
const LOGGED_EVENTS = 7;
/** More events than the SDK stores for a visit: it adds some of its own. */
const EVENTS_PER_VISIT = 10;
/** How many events are stored before the device goes online: the SDK stores at most 500 while logging is disabled. */
const STORED_AT_MOST = 400;
/** Milliseconds until all has to be sent. */
const FLUSH_MS = 60_000;
/** Milliseconds between two flushes. */
const PAUSE_MS = 2;
const trueNow = Date.now;
const senderNow = () => trueNow() + settings.clockOffsetMs;
let stored = 0;
let logged = 0;

/** Brings the SDK online, and flushes until all is sent. @throws Error if that takes longer than {@link FLUSH_MS}. */
async function comeOnline(): Promise<void> {
  Date.now = senderNow;
  client.updateRuntimeOptions({ loggingEnabled: 'browser-only' });
  const deadline = trueNow() + FLUSH_MS;
  do {
    await client.flush();
    await setTimeout(PAUSE_MS);
  } while (tally.rows < logged && trueNow() < deadline);
  if (tally.rows !== logged) throw new Error(`${tally.rows} of ${logged} events were acknowledged.`);
  client.updateRuntimeOptions({ loggingEnabled: 'disabled' });
  stored = 0;
}

const days = settings.days ?? [senderNow() - settings.users * 1_000];
// The clock starts at the first day before the first request, because the SDK's rate limit blocks when its clock goes
// backwards.
const firstDay = days[0] ?? 0;
Date.now = () => firstDay;
await client.initializeAsync();
for (const day of days) {
  for (let i = 0; i < settings.users; i += 1) {
    if (stored + EVENTS_PER_VISIT > STORED_AT_MOST) await comeOnline();
    Date.now = () => day + i * 1_000;
    await client.updateUserAsync(browserUser(settings, i));
    client.checkGate('new_checkout');
    client.getExperiment('checkout_button');
    client.getDynamicConfig('shipping_table');
    const homepage = client.getLayer('homepage');
    homepage.get('headline');
    homepage.get('images');
    client.logEvent('page_view', '/checkout', { referrer: '/cart' });
    client.logEvent('add_to_cart', 1, { sku: `sku-${i % 5}` });
    const hasBought = i % 2 === 0;
    if (hasBought) client.logEvent('purchase', 19.99, { sku: `sku-${i % 5}`, currency: 'EUR' });
    logged += LOGGED_EVENTS + (hasBought ? 1 : 0);
    stored += EVENTS_PER_VISIT;
  }
}
await comeOnline();
client.updateRuntimeOptions({ loggingEnabled: 'browser-only' });
await client.shutdown();
await specs.close();
await window.happyDOM.close();
process.stdout.write(tally.line('js-client'));
