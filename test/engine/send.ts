// Logs events and an exposure by the real js-client, as an app on Node does (docs/send.md), and by Server Core, and prints how many each
// says to have sent. Their values are `<prefix>js-<n>` and `<prefix>core-<n>`.
//   node test/engine/send.ts COLLECTOR KEY COUNT PREFIX
import { setTimeout } from 'node:timers/promises';
import { StatsigClient } from '@statsig/js-client';
import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { startSpecsServer } from '../../demo/sdks/startSpecsServer.ts';

const [collector = '', key = '', count = '0', prefix = ''] = process.argv.slice(2);
const each = Number(count);
const logEventUrl = `${collector}/v1/engine`;
const DEADLINE_MS = 120_000;

let flushed = 0;
const client = new StatsigClient(
  `client-${key}`,
  { userID: 'ada' },
  {
    loggingEnabled: 'always',
    networkConfig: { logEventUrl },
  },
);
client.on('logs_flushed', ({ events }) => {
  flushed += events.length;
});
for (let i = 0; i < each; i += 1) client.logEvent('engine', `${prefix}js-${i}`);
client.checkGate('new_checkout');
await untilSent(
  () => flushed,
  () => client.flush(),
);
await client.shutdown();

const specs = await startSpecsServer();
let acknowledged = 0;
const statsig = new Statsig(`secret-${key}`, {
  specsUrl: specs.specsUrl,
  logEventUrl,
  outputLogLevel: 'error',
  disableCountryLookup: true,
  observabilityClient: {
    increment(metric, value) {
      if (metric === 'statsig.sdk.events_successfully_sent_count') acknowledged += value;
    },
  },
});
await statsig.initialize();
for (let i = 0; i < each; i += 1) {
  const user = new StatsigUser({ userID: `user-${i}`, customIDs: { companyID: `company-${i % 7}` } });
  statsig.logEvent(user, 'engine', `${prefix}core-${i}`);
}
statsig.checkGate(new StatsigUser({ userID: 'ada' }), 'new_checkout');
await untilSent(
  () => acknowledged,
  () => statsig.flushEvents(),
);
await statsig.shutdown();
specs.close();
process.stdout.write(`${JSON.stringify({ js: flushed, core: acknowledged })}\n`);

/** An SDK keeps what was not taken, and sends it with a later flush. */
async function untilSent(sent: () => number, flush: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (sent() <= each && Date.now() < deadline) {
    await flush();
    await setTimeout(200);
  }
}
