// Stores a release under test/fixtures/releases: `npm run store-release`. CONTRIBUTING.md, "Release", says when.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { packageService } from '../../../local/packageService.ts';
import { parseTemplate } from '../../../packages/local-aws/src/template/index.ts';
import { ServiceSpec } from '../../contract/infra/schema/ServiceSpec.ts';
import { footprints } from '../infra/footprint.ts';
import {
  type CustomerPolicy,
  PRINCIPALS,
  type ReleaseRecord,
  readRelease,
  releaseProblems,
  storedVersions,
  writeRelease,
} from './releases.ts';

const USAGE = `npm run store-release -- [--root DIR] [--configuration FILE]

Packages the checkout in DIR (default: this one) for the stage prod and stores its template, its functions and the
policies that it prints for customers under test/fixtures/releases/<version>/.

  --root DIR            a checkout with its packages installed (npm ci) and no uncommitted change
  --configuration FILE  JSON of the configuration (default: that of the last stored release)
`;

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: repositoryRoot },
    configuration: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else await store(resolve(values.root), values.configuration);

async function store(root: string, configurationFile: string | undefined): Promise<void> {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'cli', 'functions', 'infra', 'lib', 'package-lock.json');
  if (changed !== '') throw new Error(`Commit first: what is stored must have a commit.\n${changed}`);
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(root, 'cli', 'package.json'), 'utf8'),
  );
  const last = storedVersions().at(-1);
  const configuration: ReleaseRecord['configuration'] =
    configurationFile === undefined
      ? readRelease(last ?? '').configuration
      : JSON.parse(readFileSync(configurationFile, 'utf8'));

  const directory = mkdtempSync(join(tmpdir(), 'sluice-release-'));
  try {
    const configFile = join(directory, 'sluice.config.ts');
    const from = pathToFileURL(join(root, 'lib', 'config', 'defineConfig.ts')).href;
    writeFileSync(
      configFile,
      `import { defineConfig } from '${from}';\nexport default defineConfig(${JSON.stringify(configuration)}, { stages: ["prod"] });\n`,
    );
    const workspace = join(directory, 'workspace');
    const { region = 'us-east-1' } = configuration;
    const { stackName, template } = await packageService({
      root,
      workspace,
      configFile,
      stage: 'prod',
      region,
    });
    if (last !== undefined) await requireNewVersion(version, last, template);
    const files = modules(workspace);
    const customerPolicies = printPolicies(root, configFile, configuration);
    const text = JSON.stringify({ template, files, customerPolicies });
    for (const path of [directory, root, homedir()]) {
      if (text.includes(path)) throw new Error(`A path of this machine would be stored: ${path}`);
    }
    const { archive } = writeRelease(
      {
        version,
        commit: git('rev-parse', 'HEAD'),
        committedAt: new Date(git('log', '-1', '--format=%cI')).toISOString(),
        node: process.version,
        configuration,
        customerPolicies,
      },
      { stackName, template, files },
    );
    process.stdout.write(
      `Stored ${version}: ${Object.keys(files).length} modules, ${archive.unpackedBytes} bytes, ${archive.bytes} packed.\n`,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function requireNewVersion(version: string, last: string, template: unknown): Promise<void> {
  const spec = await ServiceSpec.load();
  const problems = releaseProblems(
    { version: last, footprints: footprints(readRelease(last).template.Resources, spec) },
    { version, footprints: footprints(parseTemplate(template).Resources, spec) },
  );
  if (problems.length > 0)
    throw new Error(
      `Raise the version first. ${version} is stored already and differs:\n${problems.join('\n')}`,
    );
}

/** The bundled modules, without source maps. */
function modules(workspace: string): Record<string, string> {
  const build = join(workspace, 'build');
  const paths = readdirSync(build, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.mjs'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'))
    .toSorted();
  return Object.fromEntries(
    paths.map((path) => [path.slice(workspace.length + 1), readFileSync(path, 'utf8')]),
  );
}

/** The policies for the customers of a configuration. */
function printPolicies(
  root: string,
  configFile: string,
  { sources = [], exports = [] }: ReleaseRecord['configuration'],
): ReleaseRecord['customerPolicies'] {
  const print = (target: CustomerPolicy, bucket: string) => {
    const args = [
      '--for',
      target,
      '--bucket',
      bucket,
      '--principal',
      PRINCIPALS[target],
      '--stage',
      'prod',
      '--json',
    ];
    const text = execFileSync(
      process.execPath,
      [join(root, 'cli', 'sluice.mjs'), 'policy', 'print', ...args],
      { cwd: root, encoding: 'utf8', env: { ...process.env, SLUICE_CONFIG: configFile }, stdio: 'pipe' },
    );
    return { [target]: JSON.parse(text) };
  };
  const [source] = sources;
  const [exported] = exports;
  return {
    ...(source === undefined ? {} : print('ingest-source', source.bucket)),
    ...(exported === undefined ? {} : print('export-target', exported.target.bucket)),
  };
}
