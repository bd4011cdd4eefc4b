// The things Serverless doesn't do by itself: it bundles nothing, it would deploy a collector that refuses every
// request because no key is configured, or a stack that CloudFormation refuses, and functions that the configuration has
// no use for.
const { resolve } = require('node:path');

const root = resolve(__dirname, '..', '..');

module.exports = class SluicePlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      initialize: () => this.leaveOut(),
      'before:package:createDeploymentArtifacts': () => this.bundle(),
      'before:package:function:package': () => this.bundle(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.demandFittingTemplate(),
      'before:deploy:deploy': () => this.demandKeys(),
      'before:deploy:function:deploy': () => this.demandKeys(),
    };
  }

  async leaveOut() {
    const { unusedFunctions } = await import('./requirements.ts');
    const { functions } = this.serverless.service;
    for (const name of unusedFunctions(await this.loadConfig())) delete functions[name];
  }

  async bundle() {
    const { bundleFunctions } = await import('../build/bundleFunctions.ts');
    const config = await this.loadConfig();
    const { service, serviceDir } = this.serverless;
    await this.explain(() =>
      bundleFunctions({
        root: serviceDir,
        functions: service.getAllFunctions(),
        config,
        // The local cloud packages for this machine: local/template/packageService.ts.
        place: process.env.SLUICE_PACKAGE_FOR === 'here' ? 'here' : 'lambda',
      }),
    );
  }

  async demandFittingTemplate() {
    const { demandFittingSessions, demandFittingTemplate } = await import('./requirements.ts');
    const config = await this.loadConfig();
    await this.explain(() => {
      demandFittingSessions(config);
      demandFittingTemplate(this.serverless.service.provider.compiledCloudFormationTemplate);
    });
  }

  async demandKeys() {
    const { demandKeys } = await import('./requirements.ts');
    const config = await this.loadConfig();
    await this.explain(() => demandKeys(config));
  }

  async loadConfig() {
    const [{ loadConfig }, { configFile }] = await Promise.all([
      import('../../lib/config/loadConfig.ts'),
      import('../../lib/config/loadConfig.ts'),
    ]);
    return this.explain(() => loadConfig(configFile(root, process.env)));
  }

  /** Shows our errors as Serverless shows its own: the sentences, without a stack. */
  async explain(run) {
    try {
      return await run();
    } catch (error) {
      if (typeof error.cure !== 'string') throw error;
      throw new this.serverless.classes.Error(`${error.code}: ${error.message}\n${error.cure}`, error.code);
    }
  }
};
