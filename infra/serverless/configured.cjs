// The values that serverless.yml reads from the configuration. Serverless leaves a setting out if its value is null.
const { resolve } = require('node:path');

/** Used if the configuration is invalid. resources.cjs reports the error. */
const nothing = { bucket: '', region: 'us-east-1', architecture: 'arm64', reservedConcurrency: null };

module.exports = async () => {
  try {
    const [{ loadConfig }, { configFile }] = await Promise.all([
      import('../../lib/config/loadConfig.ts'),
      import('../../lib/config/loadConfig.ts'),
    ]);
    const { architecture, bucket, collector, region } = await loadConfig(
      configFile(resolve(__dirname, '..', '..'), process.env),
    );
    return { architecture, bucket, region, reservedConcurrency: collector.reservedConcurrency };
  } catch {
    return nothing;
  }
};
