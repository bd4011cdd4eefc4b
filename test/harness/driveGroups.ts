// Drives the real @statsig/statsig-node-core over the experiments of experimentSpecs.ts, and prints, as one JSON line,
// what its evaluator lists and decided. Run as a child process: its network settings are the process's.
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import * as z from 'zod';
import { experimentSpecs } from './experimentSpecs.ts';
import { listen } from './listen.ts';

const { collector, state, users, time } = z
  .object({
    collector: z.string(),
    state: z.enum(['running', 'ended']),
    users: z.array(z.string()),
    time: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

/** Flushes after which an event that is not acknowledged is taken for lost. */
const MOST_FLUSHES = 1_000;
const EXPERIMENTS = ['button', 'banner', 'prices', 'search', 'fonts', 'later'];
const specs = JSON.stringify(experimentSpecs(state, time));
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end((request.url ?? '').includes('id_lists') ? '{}' : specs);
});
const address = await listen(server);
let acknowledged = 0;
const statsig = new Statsig('secret-groups', {
  specsUrl: `${address}/v2/download_config_specs`,
  logEventUrl: `${collector}/v1/log_event`,
  outputLogLevel: 'error',
  disableCountryLookup: true,
  observabilityClient: {
    increment(metric, value) {
      if (metric === 'statsig.sdk.events_successfully_sent_count') acknowledged += value;
    },
  },
});
await statsig.initialize();

const decided: Record<string, Record<string, string>> = {};
let exposures = 0;
const note = (experiment: string, user: string, ruleId: string) => {
  decided[experiment] = { ...decided[experiment], [user]: ruleId };
  exposures += 1;
};
for (const [index, userID] of users.entries()) {
  const user = new StatsigUser({ userID, country: index % 3 === 0 ? 'US' : 'DE' });
  for (const experiment of EXPERIMENTS)
    note(experiment, userID, statsig.getExperiment(user, experiment).ruleID);
  const home = statsig.getLayer(user, 'home');
  home.get('headline', '');
  note(home.allocatedExperimentName ?? 'home', userID, home.ruleID);
  note('new_checkout', userID, statsig.getFeatureGate(user, 'new_checkout').ruleID);
  note('shipping', userID, statsig.getDynamicConfig(user, 'shipping').ruleID);
}
// A flush says that it succeeded when it has only queued the batch again.
for (let flushes = 0; acknowledged < exposures && flushes < MOST_FLUSHES; flushes += 1) {
  await statsig.flushEvents();
  await setTimeout(20);
}
const listed = Object.fromEntries(
  [...EXPERIMENTS, 'hero', 'shipping', 'colours'].map((name) => {
    const { isExperimentActive = null, groups } = statsig.getExperimentGroups(name);
    return [name, { isExperimentActive, groups: groups.map(({ ruleId, groupName }) => [ruleId, groupName]) }];
  }),
);
await statsig.shutdown();
server.close();
server.closeAllConnections();
process.stdout.write(`${JSON.stringify({ acknowledged, exposures, decided, listed })}\n`);
