// The values that serverless.yml reads from the configuration. Serverless leaves a setting out if its value is null.
const { resolve } = require('node:path');

/** Used if the configuration is invalid, or not for this stage. resources.cjs reports the error. */
const streams = { exposures: { Ref: 'ExposuresStream' }, events: { Ref: 'EventsStream' } };
const nothing = {
  ...{ bucket: '', region: 'us-east-1', architecture: 'arm64' },
  ...{ reservedConcurrency: null, lateSeconds: '', rotation: streams, all: streams },
  ...{ passThroughConcurrency: null, corsMethods: ['POST'] },
  ...{ relayQueue: null, relayConcurrency: 2, logRetentionDays: 30, tags: null },
};

module.exports = async ({ resolveVariable }) => {
  const stage = await resolveVariable('sls:stage');
  try {
    const { configFile, loadConfig } = await import('../../lib/config/loadConfig.ts');
    const file = configFile(resolve(__dirname, '..', '..'), process.env);
    const { lateSeconds, streamVariables } = await import('../streams/streams.ts');
    const config = await loadConfig(file, stage);
    const { architecture, bucket, collector, logs, passThrough, region, tags } = config;
    return {
      ...{ architecture, bucket, region },
      logRetentionDays: logs.retentionDays,
      tags: Object.keys(tags).length === 0 ? null : tags,
      reservedConcurrency: collector.reservedConcurrency,
      passThroughConcurrency: passThrough?.concurrency ?? null,
      // SDKs of browsers read rules by GET.
      corsMethods: passThrough === null ? ['POST'] : ['GET', 'POST'],
      lateSeconds: String(lateSeconds(config)),
      ...streamVariables(config),
      // Without it the collector keeps no copies: infra/serverless/relayLeft.ts goes by it.
      relayQueue: config.relay === undefined || config.relay.retired ? null : { Ref: 'RelayQueue' },
      relayConcurrency: config.relay?.concurrency ?? 2,
    };
  } catch {
    return nothing;
  }
};
