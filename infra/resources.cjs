// Serverless reads `resources` from CommonJS; the resources themselves are TypeScript modules, which Node runs
// as they are. Both come from `resources.ts`, made for the service and stage at hand.
const { resolve } = require('node:path');

module.exports = async ({ resolveConfigurationProperty, resolveVariable }) => {
  const [{ resources }, { loadConfig }, { configFile }] = await Promise.all([
    import('./resources.ts'),
    import('../lib/config/loadConfig.ts'),
    import('./configFile.ts'),
  ]);
  return resources({
    config: await loadConfig(configFile(resolve(__dirname, '..'), process.env)),
    service: await resolveConfigurationProperty(['service']),
    stage: await resolveVariable('sls:stage'),
  });
};
