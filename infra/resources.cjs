// Serverless reads `resources` from CommonJS; the resources themselves are TypeScript modules, which Node runs
// as they are. Both come from `resources.ts`, made for the service and stage at hand.
const { resolve } = require('node:path');

module.exports = async ({ resolveConfigurationProperty, resolveVariable }) => {
  if (!process.features.typescript) {
    throw new Error(
      `This is Node ${process.version}, which does not run TypeScript. Use \`npx serverless\`: npx takes the Node that the repository brings along.`,
    );
  }
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
