// `collector.reservedConcurrency` of the configuration; null, which Serverless takes for nothing, sets none.
const { resolve } = require('node:path');

module.exports = async () => {
  const [{ loadConfig }, { configFile }] = await Promise.all([
    import('../lib/config/loadConfig.ts'),
    import('./configFile.ts'),
  ]);
  const { collector } = await loadConfig(configFile(resolve(__dirname, '..'), process.env));
  return collector.reservedConcurrency;
};
