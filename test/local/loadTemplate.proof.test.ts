// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Serverless's own notation
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadTemplate, packagesFolder } from '../../local/loadTemplate.ts';
import { readDeployment, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';
import { scratchRoot, smallFunctions } from '../harness/scratchRoot.ts';

const { root, remove } = scratchRoot(smallFunctions);
const cacheDirectory = packagesFolder(root);
const load = (env: Readonly<Record<string, string>> = {}) => loadTemplate({ root, env });
const secret = 'AKIDEXAMPLENEVERSEEN';

const configText = (bucket: string, rest = '') =>
  "import { defineConfig } from './lib/config/defineConfig.ts';\n" +
  `export default defineConfig({ bucket: '${bucket}'${rest} });\n`;

const serverlessYml = join(root, 'serverless.yml');
const packages = () =>
  readdirSync(cacheDirectory).filter((name) => existsSync(join(cacheDirectory, name, 'deployment.json')));
const functionFolders = () => readdirSync(join(root, 'functions')).sort();

beforeAll(() => {
  // The template would show anything of the environment that packaging could see; every way out is shut.
  const text = 'functions:\n  collect: { description: "${env:AWS_ACCESS_KEY_ID, \'no credentials\'}" }\n';
  writeFileSync(serverlessYml, `${readFileSync(serverlessYml, 'utf8')}\n${text}`);
  process.env.AWS_ACCESS_KEY_ID = secret;
  process.env.HTTPS_PROXY = 'http://127.0.0.1:9';
});

afterAll(() => {
  delete process.env.AWS_ACCESS_KEY_ID;
  delete process.env.HTTPS_PROXY;
  remove();
});

describe('loadTemplate', () => {
  it('packages offline without credentials, with everything that the local cloud needs', async () => {
    rmSync(cacheDirectory, { recursive: true, force: true });
    const said: string[] = [];
    const onPackaging = (sentence: string) => said.push(sentence);
    const loaded = await loadTemplate({ root, env: {}, onPackaging });
    expect(loaded.cached).toBe(false);
    expect(said).toEqual([
      'Packaging the functions for this machine, once until they change: about 5 seconds, on a busy machine up to a minute.',
      expect.stringMatching(/^Packaged in \d+\.\d s\.$/),
    ]);
    await loadTemplate({ root, env: {}, onPackaging });
    expect(said).toHaveLength(2);
    expect(loaded.stackName).toBe('sluice-local');
    expect(JSON.stringify(loaded.template)).toContain('no credentials');
    // AWS refuses a reservation where an account has little: none unless it is configured.
    expect(JSON.stringify(loaded.template)).not.toContain('ReservedConcurrentExecutions');
    expect(JSON.stringify(loaded.template)).not.toContain(secret);
    expect(packages()).toHaveLength(1);
    expect(existsSync(join(root, 'build')) || existsSync(join(root, '.serverless'))).toBe(false);

    const resolved = resolveTemplate(loaded.template, {
      region: 'us-east-1',
      account: '000000000000',
      partition: 'aws',
      stackName: loaded.stackName,
      endpoint: 'http://127.0.0.1:4566',
    });
    const deployment = readDeployment(resolved);
    const { config } = loaded;
    const functions = new Map(deployment.functions.map((fn) => [fn.name, fn]));
    expect([...functions.keys()].sort()).toEqual(functionFolders().map((name) => `sluice-local-${name}`));
    // A role of its own for each: the default would be one for all, with the rights of all.
    expect(new Set(deployment.functions.map(({ role }) => role)).size).toBe(functions.size);
    expect(resolved.resources.map(({ logicalId }) => logicalId)).not.toContain('IamRoleLambdaExecution');

    // Each function gets the deployment's parts that it needs. The writer knows the bucket by its configuration.
    for (const { name, env } of functions.values())
      expect(env['SLUICE_BUCKET']).toBe(name === 'sluice-local-write' ? undefined : config.bucket);
    const idOf = (type: string) => resolved.resources.find((resource) => resource.type === type)?.physicalId;
    expect(functions.get('sluice-local-collect')?.env).toMatchObject({
      SLUICE_STREAM: idOf('AWS::KinesisFirehose::DeliveryStream'),
      SLUICE_KEYS_SECRET: idOf('AWS::SecretsManager::Secret'),
      SLUICE_STAGE: 'local',
    });
    expect(functions.get('sluice-local-collect')?.env).toMatchObject({
      SLUICE_STREAM: expect.stringMatching(/^sluice-local-LandingStream-/),
      SLUICE_KEYS_SECRET: expect.stringMatching(/:secret:sluice-local-keys-\w{6}$/),
    });
    for (const { modulePath, exportName } of deployment.functions) {
      const module = await import(pathToFileURL(join(loaded.directory, modulePath)).href);
      expect(await module[exportName]()).toBeTruthy();
    }
  });

  it('does not use an incomplete stored package', async () => {
    const { directory } = await load();
    const before = packages();
    writeFileSync(join(directory, 'deployment.json'), '{"stackName":');
    const [first, two] = await Promise.all([load(), load()]);
    expect(first.cached).toBe(false);
    expect(two.cached).toBe(false);
    expect((await load()).cached).toBe(true);
    expect(packages()).toEqual(before);
  });

  it('packages again for another configuration, and for two concurrently', async () => {
    const other = join(root, 'other.config.ts');
    writeFileSync(other, configText('other-bucket', ', collector: { reservedConcurrency: 50 }'));
    const [first, two] = await Promise.all([load({ SLUICE_CONFIG: other }), load({ SLUICE_CONFIG: other })]);
    expect(first.cached).toBe(false);
    expect(two.cached).toBe(false);
    expect(first.directory).toBe(two.directory);
    expect(first.config.bucket).toBe('other-bucket');
    expect(JSON.stringify(first.template)).toContain('other-bucket');
    expect(first.template.Resources.CollectLambdaFunction?.Properties).toMatchObject({
      ReservedConcurrentExecutions: 50,
    });
    expect((await load({ SLUICE_CONFIG: other })).cached).toBe(true);
    expect((await load()).cached).toBe(true);
    expect(readdirSync(cacheDirectory).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('removes packages and workspaces that nobody has loaded for two weeks', async () => {
    await load();
    const names = ['0'.repeat(32), `.${'1'.repeat(32)}-${randomUUID()}`, '2'.repeat(32)];
    for (const name of names) mkdirSync(join(cacheDirectory, name));
    for (const name of ['compiled', ...names.slice(0, 2)]) utimesSync(join(cacheDirectory, name), 1, 1);
    const { directory } = await load();
    utimesSync(directory, 1, 1);
    await load();
    const another = join(root, 'another.config.ts');
    writeFileSync(another, configText('another-bucket'));
    await load({ SLUICE_CONFIG: another });
    const kept = readdirSync(cacheDirectory);
    expect(kept).toContain(basename(directory));
    expect(['compiled', ...names].filter((name) => kept.includes(name))).toEqual(names.slice(2));
    rmSync(join(cacheDirectory, '2'.repeat(32)), { recursive: true });
  });

  it('packages again when a file or a variable changes that serverless.yml names', async () => {
    const text = readFileSync(serverlessYml, 'utf8');
    const outside = join(root, '..', `${basename(root)}-shared.json`);
    const inside = join(root, '.own', 'local.yml');
    const own = `\${file(../${basename(outside)}):text}, \${file(./.own/\${opt:stage}.yml):text}, \${env:SLUICE_TEST_TEXT, 'none'}, \${env:SLUICE_TEST_DOTENV, 'none'}`;
    writeFileSync(
      serverlessYml,
      `useDotenv: true\n${text}  write:\n    description: ${JSON.stringify(own).replaceAll('\\"', "'")}\n`,
    );
    const described = async () => {
      const { cached, template } = await load();
      return [cached, template.Resources['WriteLambdaFunction']?.Properties?.['Description']];
    };
    try {
      mkdirSync(dirname(inside));
      writeFileSync(inside, 'text: within\n');
      writeFileSync(outside, '{"text":"first"}');
      writeFileSync(join(root, '.env'), 'SLUICE_TEST_DOTENV=dotenv\n');
      expect(await described()).toEqual([false, 'first, within, none, dotenv']);
      expect((await described())[0]).toBe(true);
      writeFileSync(outside, '{"text":"second"}');
      writeFileSync(inside, 'text: here\n');
      process.env['SLUICE_TEST_TEXT'] = 'environment';
      writeFileSync(join(root, '.env'), 'SLUICE_TEST_DOTENV=changed\n');
      expect(await described()).toEqual([false, 'second, here, environment, changed']);
    } finally {
      delete process.env['SLUICE_TEST_TEXT'];
      rmSync(outside, { force: true });
      rmSync(join(root, '.env'), { force: true });
      writeFileSync(serverlessYml, text);
    }
  });

  it('passes on errors of the configuration unchanged', async () => {
    await expect(load({ SLUICE_CONFIG: 'none.config.ts' })).rejects.toMatchObject({
      code: 'SLUICE_CONFIG_NOT_FOUND',
    });
  });

  it('reports that Serverless is not installed', async () => {
    const bare = scratchRoot(smallFunctions, ['infra', 'lib']);
    try {
      await expect(loadTemplate({ root: bare.root, env: {} })).rejects.toMatchObject({
        code: 'SLUICE_TEMPLATE_TOOL_MISSING',
      });
    } finally {
      bare.remove();
    }
  });
});

/** Names of a zip's entries, from its central directory. */
function zipEntries(file: string): string[] {
  const bytes = readFileSync(file);
  const names: string[] = [];
  for (let at = bytes.indexOf('PK\u0001\u0002'); at !== -1; at = bytes.indexOf('PK\u0001\u0002', at + 46)) {
    names.push(bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)));
  }
  return names;
}

describe('serverless deploy', () => {
  let ended: ReturnType<typeof spawnSync>;
  beforeAll(() => {
    const config = join(root, 'keyless.config.ts');
    writeFileSync(config, configText('keyless-bucket', ', curate: true'));
    const serverless = join(root, 'node_modules', 'serverless', 'bin', 'serverless.js');
    ended = spawnSync(process.execPath, [serverless, 'deploy'], {
      cwd: root,
      encoding: 'utf8',
      timeout: COMMAND_MS,
      env: { PATH: process.env.PATH, HOME: root, SLUICE_CONFIG: config },
    });
  });

  it('packages each function into a zip with only its own modules', () => {
    for (const name of functionFolders()) {
      const entries = zipEntries(join(root, '.serverless', `${name}.zip`));
      expect(entries).toContain(`build/${name}/handler.mjs`);
      const own = new RegExp(`^build/${name}/(?:handler|chunk-\\w+)\\.mjs$`);
      expect(entries.filter((entry) => !own.test(entry))).toEqual([]);
    }
  });

  it('stops before it touches AWS when no key is configured', () => {
    expect(ended.status).toBe(1);
    expect(`${ended.stdout}${ended.stderr}`).toContain('SLUICE_CONFIG_NO_KEYS');
  });
});
