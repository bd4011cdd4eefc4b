// This script sends an event by the real js-client and one by Server Core, with no options except those of
// docs/send.md, and prints a line of JSON for each SDK that is done: how many events it says that it has sent. It is a
// process of its own, because SDKs keep timers and connections, and a trial may be interrupted.
//   SLUICE_SEND={"url","clientKey","serverKey","jsEvent","coreEvent","text"} node cli/trial/sendSdks.ts
import { setTimeout } from 'node:timers/promises';
import { StatsigClient } from '@statsig/js-client';
import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import { useNetwork } from '../aws/network.ts';

useNetwork(process.env);

/** The longest that one SDK may take, milliseconds. */
const DEADLINE_MS = 60_000;
/** The pause between two flushes, milliseconds. */
const FLUSH_PAUSE_MS = 200;
const { url, clientKey, serverKey, jsEvent, coreEvent, text } = JSON.parse(process.env['SLUICE_SEND'] ?? '');
const counts = { js: 0, core: 0 };

const networkConfig = { logEventUrl: url };
const client = new StatsigClient(clientKey, { userID: 'ada' }, { loggingEnabled: 'always', networkConfig });
client.on('logs_flushed', ({ events }) => {
  counts.js += events.length;
});
client.logEvent(jsEvent, 1, { text });
await untilSent('js', () => client.flush());
await client.shutdown();
printCount('js');

// Rules would come from Statsig, which does not know the key, so there are none here.
const statsig = new Statsig(serverKey, {
  specsUrl: 'http://127.0.0.1:9',
  logEventUrl: url,
  outputLogLevel: 'none',
  observabilityClient: {
    increment(metric, value) {
      if (metric === 'statsig.sdk.events_successfully_sent_count') counts.core += value;
    },
  },
});
await statsig.initialize();
statsig.logEvent(new StatsigUser({ userID: 'ada' }), coreEvent, 1, { text });
await untilSent('core', () => statsig.flushEvents());
await statsig.shutdown();
printCount('core');

/** Prints what an SDK has sent: what follows may fail. */
function printCount(sdk: keyof typeof counts): void {
  process.stdout.write(`${JSON.stringify({ sdk, events: counts[sdk] })}\n`);
}

/** Flushes until an event is sent: an SDK keeps events that were not taken, and sends them with a later flush. */
async function untilSent(sdk: keyof typeof counts, flush: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (counts[sdk] === 0 && Date.now() < deadline) {
    await flush();
    await setTimeout(FLUSH_PAUSE_MS);
  }
}
