// Extends Serverless: bundles the functions, leaves out functions that the configuration does not need, and refuses to
// deploy a collector without keys or a stack that CloudFormation would refuse.
const { resolve } = require('node:path');

const root = resolve(__dirname, '..', '..');

module.exports = class SluicePlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      initialize: () => this.leaveOut(),
      'before:package:createDeploymentArtifacts': () => this.bundle(),
      'before:package:function:package': () => this.bundle(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.requireTemplateFits(),
      'before:deploy:deploy': () => this.requireKeys(),
      'before:deploy:function:deploy': () => this.requireKeys(),
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
        // The local cloud packages for this machine: local/packageService.ts.
        place: process.env.SLUICE_PACKAGE_FOR === 'here' ? 'here' : 'lambda',
      }),
    );
  }

  async requireTemplateFits() {
    const { requireSessionPoliciesFit, requireTemplateFits } = await import('./requirements.ts');
    const config = await this.loadConfig();
    await this.explain(() => {
      requireSessionPoliciesFit(config);
      requireTemplateFits(this.serverless.service.provider.compiledCloudFormationTemplate);
    });
  }

  async requireKeys() {
    const { requireKeys } = await import('./requirements.ts');
    const config = await this.loadConfig();
    await this.explain(() => requireKeys(config));
  }

  async loadConfig() {
    const [{ loadConfig }, { configFile }] = await Promise.all([
      import('../../lib/config/loadConfig.ts'),
      import('../../lib/config/loadConfig.ts'),
    ]);
    return this.explain(() => loadConfig(configFile(root, process.env)));
  }

  /** Shows our errors as Serverless shows its own: code, message and cure, without a stack trace. */
  async explain(run) {
    try {
      return await run();
    } catch (error) {
      if (typeof error.cure !== 'string') throw error;
      throw new this.serverless.classes.Error(`${error.code}: ${error.message}\n${error.cure}`, error.code);
    }
  }
};
