// Serverless reads `resources` from CommonJS; the resources themselves are TypeScript modules, which Node runs
// as they are. Both come from `resources.ts`, made for the service and stage at hand.
const { resolve } = require('node:path');

// Serverless prints the stack of whatever a file throws. Ours lead nowhere; the sentences are what helps.
async function explain(run) {
  try {
    return await run();
  } catch (error) {
    if (typeof error.cure === 'string') error.stack = `${error.code}: ${error.message}\n${error.cure}`;
    throw error;
  }
}

module.exports = async ({ resolveConfigurationProperty, resolveVariable }) => {
  if (!process.features.typescript) {
    throw new Error(
      `This is Node ${process.version}, which does not run TypeScript. Use \`npx serverless\`: npx takes the Node that the repository brings along.`,
    );
  }
  const [{ resources }, { requireRegion }, { loadConfig }, { configFile }] = await Promise.all([
    import('../resources.ts'),
    import('./requirements.ts'),
    import('../../lib/config/loadConfig.ts'),
    import('../../lib/config/loadConfig.ts'),
  ]);
  const service = await resolveConfigurationProperty(['service']);
  const stage = await resolveVariable('sls:stage');
  const region = await resolveConfigurationProperty(['provider', 'region']);
  return explain(async () => {
    const config = await loadConfig(configFile(resolve(__dirname, '..', '..'), process.env));
    requireRegion(config, region);
    // `--region` wins over the configuration's, and limits differ between regions.
    return resources({ config: { ...config, region }, service, stage });
  });
};
