// The two things Serverless doesn't do by itself: it bundles nothing, and it would deploy a collector that
// refuses every request because no key is configured.
const { resolve } = require('node:path');

const root = resolve(__dirname, '..');

module.exports = class SluicePlugin {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      'before:package:createDeploymentArtifacts': () => this.bundle(),
      'before:package:function:package': () => this.bundle(),
      'before:deploy:deploy': () => this.demandKeys(),
      'before:deploy:function:deploy': () => this.demandKeys(),
    };
  }

  async bundle() {
    const { bundleFunctions } = await import('./build/bundleFunctions.ts');
    const config = await this.loadConfig();
    const { service, serviceDir } = this.serverless;
    await this.explain(() =>
      bundleFunctions({ root: serviceDir, functions: service.getAllFunctions(), config }),
    );
  }

  async demandKeys() {
    const { demandKeys } = await import('./demandKeys.ts');
    const config = await this.loadConfig();
    await this.explain(() => demandKeys(config));
  }

  async loadConfig() {
    const [{ loadConfig }, { configFile }] = await Promise.all([
      import('../lib/config/loadConfig.ts'),
      import('./configFile.ts'),
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
