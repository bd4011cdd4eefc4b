// Drives the real @statsig/statsig-node-core like a shop's backend, and prints what the SDK logged as one JSON line. It
// runs as a child process: node demo/sdks/driveNodeCore.ts '{"collector":"http://127.0.0.1:4700",…}'
import { setTimeout } from 'node:timers/promises';
import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { driverSettings, readSettings } from './driverSettings.ts';
import { EventTally } from './EventTally.ts';
import { startSpecsServer } from './startSpecsServer.ts';

/** Milliseconds until all has to be sent. */
const FLUSH_MS = 60_000;
/** Milliseconds for which the count of the first flush is waited; twice as many after each flush, up to {@link MOST_PAUSE_MS}. */
const FIRST_PAUSE_MS = 250;
/** The most milliseconds for which a count is waited. */
const MOST_PAUSE_MS = 4_000;
/** Milliseconds between two looks at the count. */
const LOOK_MS = 2;

const settings = readSettings(driverSettings.nodeCore);
const specs = await startSpecsServer();
let acknowledged = 0;
const statsig = new Statsig(settings.key, {
  specsUrl: specs.specsUrl,
  logEventUrl: `${settings.collector}${settings.path ?? '/v1/log_event'}`,
  outputLogLevel: 'error',
  disableCountryLookup: true,
  observabilityClient: {
    increment(metric, value) {
      if (metric === 'statsig.sdk.events_successfully_sent_count') acknowledged += value;
    },
  },
  ...(settings.environment === undefined ? {} : { environment: settings.environment }),
});
await statsig.initialize();

const tally = new EventTally();
const count = tally.counter(Date.now);

for (let i = 0; i < settings.users; i += 1) {
  const user = new StatsigUser({
    userID: `${settings.userPrefix}-${i}`,
    email: `${settings.userPrefix}-${i}@shop.example`,
    customIDs: { companyID: `company-${i % 3}`, stableID: `device-${i}` },
    country: 'DE',
    custom: { plan: i % 2 === 0 ? 'pro' : 'free' },
  });
  statsig.checkGate(user, 'new_checkout');
  count('statsig::gate_exposure');
  const button = statsig.getExperiment(user, 'checkout_button');
  count('statsig::config_exposure', { experiment: 'checkout_button', ruleId: button.ruleID });
  statsig.getDynamicConfig(user, 'shipping_table');
  count('statsig::config_exposure');
  const homepage = statsig.getLayer(user, 'homepage');
  homepage.get('headline', '');
  count('statsig::layer_exposure', { experiment: 'homepage_hero', ruleId: homepage.ruleID });
  homepage.get('images', 0);
  count('statsig::layer_exposure');

  statsig.logEvent(user, 'order_placed', 10 + i, { sku: `sku-${i % 5}`, currency: 'EUR' });
  count('order_placed');
}

// A flush reports success even if it has only queued the batch again, and a shutdown drops a batch that fails once
// more. So this flushes until the SDK has counted its events as sent, or has dropped the batch at its sixth attempt.
const deadline = Date.now() + FLUSH_MS;
for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MOST_PAUSE_MS)) {
  await statsig.flushEvents();
  // The count includes the SDK's telemetry, and reaches JavaScript shortly after the flush.
  const countedBy = Date.now() + pauseMs;
  while (acknowledged < tally.rows && Date.now() < countedBy) await setTimeout(LOOK_MS);
  if (acknowledged >= tally.rows || Date.now() > deadline) break;
}
await statsig.shutdown();
specs.close();
// Events beyond the logged ones are the SDK's own telemetry, whose names it does not report.
if (acknowledged > tally.rows) tally.countTelemetry('statsig::…', acknowledged - tally.rows);
process.stdout.write(tally.line('node-core'));
