// What serverless.yml takes from the configuration as it stands. Null, which Serverless takes for nothing, sets none.
const { resolve } = require('node:path');

/** In place of a wrong configuration: resources.cjs refuses it, and once is enough. */
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
