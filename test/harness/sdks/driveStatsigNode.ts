// Drives the real statsig-node, the legacy server SDK, like driveNodeCore.ts its successor, and prints what it logged as
// one JSON line.
//   node test/harness/sdks/driveStatsigNode.ts '{"collector":"http://127.0.0.1:4700","key":"secret-demo"}'
import { createRequire } from 'node:module';
import statsigNode from 'statsig-node';
import { driverSettings, readSettings } from '../../../demo/sdks/driverSettings.ts';
import { EventTally } from '../../../demo/sdks/EventTally.ts';
import { startSpecsServer } from '../../../demo/sdks/startSpecsServer.ts';
import { legacySpecs } from './legacySpecs.ts';

const settings = readSettings(driverSettings.statsigNode);
const specs = await startSpecsServer({ legacy: legacySpecs });
const statsig = statsigNode.default;

// The SDK reports its failures to a fixed host. The demo replaces that, so that nothing leaves this machine.
const reports: object = createRequire(import.meta.url)('statsig-node/dist/ErrorBoundary.js');
Reflect.set(reports, 'ExceptionEndpoint', `${settings.collector}/v1/sdk_exception`);

const trueNow = Date.now;
const senderNow = () => trueNow() + settings.clockOffsetMs;
Date.now = senderNow;

await statsig.initialize(settings.key, {
  api: `${settings.collector}${settings.path ?? '/v1'}`, // There is no option for the log URL alone.
  ...(settings.oneAddress ? {} : { apiForDownloadConfigSpecs: specs.api, apiForGetIdLists: specs.api }),
  initStrategyForIP3Country: 'none',
  // Each pause is ten times the previous one: with the default of 1 s, the third would be a hundred seconds.
  postLogsRetryBackoff: 60,
  ...(settings.environment === undefined ? {} : { environment: { tier: settings.environment } }),
});

const tally = new EventTally();

/**
 * What a server does for one shopper, each event of which is counted.
 *
 * @param i Number of the visit.
 * @param now The clock of the visit.
 */
function visit(i: number, now: () => number): void {
  const count = tally.counter(now);
  const user = {
    userID: `${settings.userPrefix}-${i}`,
    email: `${settings.userPrefix}-${i}@shop.example`,
    customIDs: { companyID: `company-${i % 3}`, stableID: `device-${i}` },
    country: 'DE',
    custom: { plan: i % 2 === 0 ? 'pro' : 'free' },
  };
  statsig.checkGate(user, 'new_checkout');
  count('statsig::gate_exposure');
  const button = statsig.getExperiment(user, 'checkout_button');
  count('statsig::config_exposure', { experiment: 'checkout_button', ruleId: button.getRuleID() });
  statsig.getConfig(user, 'shipping_table');
  count('statsig::config_exposure');
  const homepage = statsig.getLayer(user, 'homepage');
  homepage.get('headline', '');
  count('statsig::layer_exposure', { experiment: 'homepage_hero', ruleId: homepage.getRuleID() });
  homepage.get('images', 0);
  count('statsig::layer_exposure');
  statsig.logEvent(user, 'order_placed', 10 + i, { sku: `sku-${i % 5}`, currency: 'EUR' });
  count('order_placed');
}

for (const [d, day] of (settings.days ?? [senderNow() - settings.users * 1_000]).entries()) {
  for (let i = 0; i < settings.users; i += 1) {
    // Only while it logs: the times of a batch that is sent with another day's clock would be corrected.
    Date.now = () => day + i * 1_000;
    // Different users each day: the SDK logs an exposure once per minute of real time, whatever the date.
    visit(d * settings.users + i, Date.now);
    Date.now = senderNow;
  }
  await statsig.flush();
}
await statsig.shutdownAsync();
specs.close();
process.stdout.write(tally.line('statsig-node'));
