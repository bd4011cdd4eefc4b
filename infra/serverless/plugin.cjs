// Extends Serverless: fills in the deployment (infra/serverless/service.ts), bundles the functions, warns, and refuses to
// package a stage that shares a resource with another one, to deploy the local cloud's stage, a collector without keys
// or a stack that CloudFormation would refuse.
const { join, relative, resolve } = require('node:path');

/** Where Sluice's own code is: the repository, or the npm package. */
const code = resolve(__dirname, '..', '..');
/** The lowest version of Node: that of Lambda. It reads TypeScript, in which sluice.config.ts is written. */
const LEAST_NODE = 24;

module.exports = class SluicePlugin {
  constructor(serverless, options, { log }) {
    this.serverless = serverless;
    this.options = options;
    this.log = log;
    this.hooks = {
      'before:package:cleanup': () => this.compareStages(),
      'before:package:createDeploymentArtifacts': () => this.bundle(),
      'before:package:function:package': async () => {
        await this.compareStages();
        await this.bundle();
      },
      'after:aws:package:finalize:mergeCustomProviderResources': async () => {
        await this.applyPlatform();
        await this.requireTemplateFits();
        await this.warn();
      },
      'before:aws:package:finalize:saveServiceState': () => {
        this.shortenPaths();
        this.shortenLocalState();
      },
      'before:deploy:deploy': async () => {
        await this.requireDeployable();
        // Packaging has warned, unless it was done before.
        if (this.options.package) await this.warn();
        await this.compareDeployed();
      },
      'before:deploy:function:deploy': async () => {
        await this.requireDeployable();
        await this.compareDeployed();
      },
    };
  }

  /** Serverless calls it once every plugin is there, before it reads the configuration of the service. */
  async asyncInit() {
    const { configurationInput: input, processedInput } = this.serverless;
    if (processedInput.isHelpRequest) return;
    if (Number.parseInt(process.versions.node, 10) < LEAST_NODE) {
      throw new this.serverless.classes.Error(
        `This is Node ${process.version}; Sluice needs Node ${LEAST_NODE} or later, as Lambda has it. Install it, or run \`npm install --save-dev node@${LEAST_NODE}\`: \`npx serverless\` then takes that one.`,
        'SLUICE_NODE_TOO_OLD',
      );
    }
    const [{ serviceConfiguration }, { withOwnSettings }, requirements] = await Promise.all([
      import('./service.ts'),
      import('./ownSettings.ts'),
      import('./requirements.ts'),
    ]);
    const config = await this.loadConfig();
    const own = this.writtenSettings();
    // `--region` overrides the configuration, and limits differ between regions.
    const region =
      this.options.region ?? (own.provider?.region === undefined ? config.region : input.provider.region);
    await this.explain(() => {
      requirements.requireRegion(region, config);
      // The local cloud, which packages for this machine, is in one region and notifies nobody.
      if (process.env.SLUICE_PACKAGE_FOR !== 'here') requirements.requireArnRegions(config, region);
      const made = serviceConfiguration({
        config: { ...config, region },
        service: this.serverless.service.service,
        stage: this.serverless.getProvider('aws').getStage(),
      });
      Object.assign(input, withOwnSettings(made, input, own));
    });
    this.serverless.service.reloadServiceFileParam();
  }

  /** What serverless.yml says, before Serverless adds defaults to it and resolves variables. */
  writtenSettings() {
    const { configurationFilename, serviceDir, utils } = this.serverless;
    const written = utils.readFileSync(join(serviceDir, configurationFilename));
    return typeof written === 'object' && written !== null ? written : {};
  }

  async compareStages() {
    const { configFile, loadComparedConfig } = await import('../../lib/config/loadConfig.ts');
    const { stage } = this.target();
    await this.explain(() => loadComparedConfig(this.configFile(configFile), stage));
  }

  async bundle() {
    const { bundleFunctions, linkBundles } = await import('../build/bundleFunctions.ts');
    const config = await this.loadConfig();
    const { service, serviceDir } = this.serverless;
    // The local cloud packages for this machine, and keeps bundles: local/packageService.ts.
    const { SLUICE_PACKAGE_FOR: host = 'lambda', SLUICE_BUNDLES: kept } = process.env;
    const request = { root: serviceDir, code, functions: service.getAllFunctions(), config, host };
    await this.explain(() => (kept === undefined ? bundleFunctions(request) : linkBundles(request, kept)));
  }

  /** A package may be deployed from another folder than it was made in: paths in its state are those within the folder. */
  shortenPaths() {
    const { service, serviceDir } = this.serverless;
    for (const name of service.getAllFunctions()) {
      const { package: made } = service.getFunction(name);
      if (made?.artifact !== undefined)
        made.artifact = relative(serviceDir, resolve(serviceDir, made.artifact));
    }
  }

  /**
   * The local cloud reads nothing of the state but the service's name. Serverless compares each object in it with all others: a third
   * of the time of packaging.
   */
  shortenLocalState() {
    if (process.env.SLUICE_BUNDLES === undefined) return;
    const { service } = this.serverless;
    for (const name of Object.keys(service))
      if (name !== 'service') Object.defineProperty(service, name, { enumerable: false });
  }

  /** Applies the boundary, the key of logs and the retention of addresses, also to what Serverless itself adds. */
  async applyPlatform() {
    const { applyPlatform } = await import('../template/platform.ts');
    const { Resources } = this.serverless.service.provider.compiledCloudFormationTemplate;
    applyPlatform(Resources, await this.loadConfig());
  }

  async requireTemplateFits() {
    const requirements = await import('./requirements.ts');
    const config = await this.loadConfig();
    const { service } = this.serverless;
    const { compiledCloudFormationTemplate: template } = service.provider;
    const { stage, region } = this.target();
    await this.explain(() => {
      requirements.requireOwnBoundary(config, stage);
      requirements.requireSessionPoliciesFit(config);
      requirements.requirePreflightsOfGateway(template);
      requirements.requireTemplateFits(template, { stackName: `${service.service}-${stage}`, region });
    });
  }

  /** The local cloud, which packages for this machine, is not warned: it notifies nobody. */
  async warn() {
    if (process.env.SLUICE_PACKAGE_FOR === 'here') return;
    const [{ packageWarnings }, { configWarnings }, { problemLine }] = await Promise.all([
      import('./requirements.ts'),
      import('../../lib/config/configWarnings.ts'),
      import('../../lib/schema/ConfigProblem.ts'),
    ]);
    const config = await this.loadConfig();
    const warnings = configWarnings(config, this.target().stage).map(problemLine);
    for (const warning of [...packageWarnings(config), ...warnings]) this.log.warning(warning);
  }

  async requireDeployable() {
    const { requireAccount, requireDeployableStage, requireKeys, requirePackageOf } = await import(
      './requirements.ts'
    );
    const config = await this.loadConfig();
    const target = this.target();
    await this.explain(async () => {
      requireDeployableStage(target.stage);
      // By now Serverless has read the settings of the package in place of those of serverless.yml.
      requirePackageOf(target, this.serverless.service.provider);
      requireKeys(config);
      if (config.account !== null)
        requireAccount(config, await this.serverless.getProvider('aws').getAccountId());
    });
  }

  /** Compares what is in the account with the configuration, and says what the deployment changes that others have to know. */
  async compareDeployed() {
    const [
      { readDefaultEncryption, readDeployedStack },
      { replacedReaders },
      { requireEncryption, requireFreeNames },
      { CONFIGURATION_OUTPUT, removedParts },
    ] = await Promise.all([
      import('./deployedStack.ts'),
      import('./readerProblems.ts'),
      import('./requirements.ts'),
      import('../template/deployedConfiguration.ts'),
    ]);
    const config = await this.loadConfig();
    const provider = this.serverless.getProvider('aws');
    const options = await provider.getAwsSdkV3Config();
    const stack = await readDeployedStack(options, provider.naming.getStackName());
    const { stage, region } = this.target();
    const asked = config.existing.bucket ? readDefaultEncryption(options, config.bucket) : undefined;
    const warnOfUnread = (error) => {
      // A problem of our own: the bucket is in another region.
      if (error.cure !== undefined) throw error;
      const { name, message } = error;
      const cure =
        name === 'AccessDenied'
          ? ` \`npx sluice policy print --for deploy --stage ${stage}\` allows s3:GetEncryptionConfiguration.`
          : '';
      this.log.warning(
        `S3 does not say how ${config.bucket} is encrypted, which \`encryption\` has to fit. ${name}: ${message}.${cure}`,
      );
    };
    const encryption = await this.explain(() => asked?.catch(warnOfUnread));
    await this.explain(() => requireEncryption(config, stack, encryption));
    if (stack === undefined)
      this.log.notice(
        `The stack ${provider.naming.getStackName()} is new. A stack of another \`service\` or stage stays as it is, with its bucket and its data.`,
      );
    else {
      await this.explain(() => requireFreeNames(config, stack));
      const target = ['--stage', stage, '--region', region];
      for (const { text } of replacedReaders(config, stack, target)) this.log.warning(text);
      const stated = stack.outputs.get(CONFIGURATION_OUTPUT);
      for (const text of removedParts(config, stated)) this.log.warning(text);
    }
  }

  /** The path of the configuration. @param configFile That of lib/config/loadConfig.ts. */
  configFile(configFile) {
    return configFile(this.serverless.serviceDir, process.env);
  }

  async loadConfig() {
    const { configFile, loadConfig } = await import('../../lib/config/loadConfig.ts');
    return this.explain(() => loadConfig(this.configFile(configFile), this.target().stage));
  }

  /** Stage and region of the command line, or else those of serverless.yml. */
  target() {
    const provider = this.serverless.getProvider('aws');
    return { stage: provider.getStage(), region: provider.getRegion() };
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
