// Serverless reads `resources` from CommonJS. The resources themselves are TypeScript modules, which Node runs directly.
// resources.ts makes them for one service and stage.
const { resolve } = require('node:path');

// Serverless prints the stack trace of an error. Code, message and cure are more helpful.
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
  const [{ resources }, { requireRegion, requireReachable }, { configFile, loadConfig }] = await Promise.all([
    import('../resources.ts'),
    import('./requirements.ts'),
    import('../../lib/config/loadConfig.ts'),
  ]);
  const service = await resolveConfigurationProperty(['service']);
  const stage = await resolveVariable('sls:stage');
  const region = await resolveConfigurationProperty(['provider', 'region']);
  return explain(async () => {
    const config = await loadConfig(configFile(resolve(__dirname, '..', '..'), process.env), stage);
    requireRegion(config, region);
    requireReachable(config, stage);
    // `--region` overrides the configuration, and limits differ between regions.
    return resources({ config: { ...config, region }, service, stage });
  });
};
