// Drives the real @statsig/statsig-node-core through experiments of a spec file and prints which rule each user got, as
// one JSON line. Run as a child process: node test/harness/driveExperiments.ts '{"specsUrl":"http://127.0.0.1:1/v2/…",…}'
import { Statsig, StatsigUser } from '@statsig/statsig-node-core';
import * as z from 'zod';

const settings = z
  .strictObject({
    /** For Server Core's `specsUrl`. */
    specsUrl: z.url(),
    /** Where it posts, path included. */
    logEventUrl: z.url(),
    users: z.array(z.string()),
    experiments: z.array(z.string()),
    gates: z.array(z.string()),
    /** Layers with the parameter that is read. */
    layers: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

const statsig = new Statsig('secret-groups', {
  specsUrl: settings.specsUrl,
  logEventUrl: settings.logEventUrl,
  outputLogLevel: 'error',
  disableCountryLookup: true,
});
await statsig.initialize();

const decided: { user: string; name: string; rule: string }[] = [];
for (const userID of settings.users) {
  const user = new StatsigUser({ userID });
  for (const name of settings.experiments) {
    decided.push({ user: userID, name, rule: statsig.getExperiment(user, name).ruleID });
  }
  for (const name of settings.gates) {
    decided.push({ user: userID, name, rule: statsig.getFeatureGate(user, name).ruleID });
  }
  for (const [name, parameter] of Object.entries(settings.layers)) {
    const layer = statsig.getLayer(user, name);
    layer.get(parameter, '');
    decided.push({ user: userID, name, rule: layer.ruleID });
  }
}
await statsig.flushEvents();
await statsig.shutdown();
process.stdout.write(`${JSON.stringify(decided)}\n`);
