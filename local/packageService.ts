import { execFile } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Config } from '../lib/schema/config.ts';
import { LocalTemplateError } from './errors.ts';

/** Folders of code that packaging reads. */
const CODE_FOLDERS = ['functions', 'infra', 'lib'] as const;
/** Files that it also reads: `package.json` of the npm package, and in the repository the one with the version. */
const CODE_FILES = ['package.json', 'cli/package.json'] as const;
/** The file of a project from which Serverless begins. */
const SERVERLESS_YML = 'serverless.yml';
/** Files of a project that decide what is packaged. The repository counts as a project. */
const PROJECT_FILES = [SERVERLESS_YML, 'package.json', 'tsconfig.json'] as const;
/** Which versions of dependencies are bundled: the lockfile of the project, or of the folder that a workspace has it in. */
const LOCKFILES = ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock'] as const;
/** Variables that Serverless reads if serverless.yml says `useDotenv`: `.env`, `.env.local`. */
const isDotenv = (name: string) => /^\.env(?:\.|$)/.test(name);
/** Not linked: the output of packaging, and modules, which are found in the project above the workspace. */
const NOT_LINKED: readonly string[] = ['node_modules', 'build'];
/**
 * Matches files that serverless.yml includes, `${file(./settings.yml):memory}`, up to a variable in their paths. What
 * such a path with a variable leads to is not digested.
 */
const YML_FILE = /(\$\{file\(\s*["']?)([^"',)$/][^"',)$]*)/g;
/** Matches variables of the environment that serverless.yml names: `${env:TOPIC_ARN}`. */
const YML_ENV = /\$\{env:(\w+)/g;

/** Where packaging reads. */
export interface PackageRoots {
  /** The root of the project, where serverless.yml is. */
  readonly root: string;
  /** Of Sluice's code: the repository or the npm package. Default: the same. */
  readonly code?: string | undefined;
}

/** Digests of what decides what packaging makes, each 32 hex digits. */
export interface InputDigests {
  /** Of the files. */
  readonly files: string;
  /** Of the files, the configuration, the stage and the region. */
  readonly all: string;
}

/**
 * Digests what decides what packaging makes. The configuration counts by its value, since it may be anywhere and import
 * anything.
 */
export async function digestInputs(
  { root, code = root }: PackageRoots,
  settings: { readonly config: Config; readonly stage: string; readonly region: string },
): Promise<InputDigests> {
  const listed = await Promise.all(
    CODE_FOLDERS.map(async (folder) => {
      const entries = await readdir(join(code, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  const files = [
    ...CODE_FILES.map((file) => join(code, file)),
    ...PROJECT_FILES.map((file) => join(root, file)),
    ...(await readdir(root)).filter(isDotenv).map((file) => join(root, file)),
  ];
  const yml = await readIfThere(join(root, SERVERLESS_YML));
  const text = new TextDecoder().decode(yml);
  const named = [...text.matchAll(YML_FILE)].map(([, , path = '']) => resolve(root, path.trim()));
  const env = withoutSecrets(process.env);
  const variables = [...text.matchAll(YML_ENV)].map(([, name = '']) => [name, env[name]]);
  const paths = [...new Set([...files, ...named, ...lockfilesOf(root), ...listed.flat()])].sort();
  const contents = await Promise.all(paths.map(readIfThere));
  const hash = createHash('sha256').update(process.version);
  for (const [index, path] of paths.entries()) {
    const content = contents[index] ?? new Uint8Array();
    // Lengths keep two files from passing for one.
    hash.update(`\n${path.replace(code, '').replace(root, '')} ${content.byteLength}\n`).update(content);
  }
  const ofFiles = hash.copy();
  hash.update(JSON.stringify([settings, variables]));
  return { files: short(ofFiles), all: short(hash) };
}

/** The first 128 bits of a hash, in hex. */
const short = (hash: Hash) => hash.digest('hex').slice(0, 32);

/** The lockfiles that are nearest: those of the folder, or of one above it. */
function lockfilesOf(folder: string): string[] {
  for (let at = folder; ; at = dirname(at)) {
    const found = LOCKFILES.map((name) => join(at, name)).filter((file) => existsSync(file));
    if (found.length > 0 || at === dirname(at)) return found;
  }
}

/** Undefined when there is no such file: a project need not have each. */
function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (isErrorOf(error, 'ENOENT', 'EISDIR')) return undefined;
    throw error;
  });
}

/** Whether an error has one of these codes of the system. */
export function isErrorOf(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

/** How long packaging may take, ms. It takes about five seconds, and was seen to take 47 on a busy machine. */
const DEADLINE_MS = 180_000;
/** How much of Serverless's output goes into an error, characters. */
const OUTPUT_CHARACTERS = 2_000;

/** The project to package, and where. */
export interface PackageRequest {
  /** The root of the project, where serverless.yml is. */
  readonly root: string;
  /**
   * An empty or absent folder that becomes the service's own, so that its `build/` and `.serverless/` are apart from
   * those of others. In a project it has to be inside the root, because the plugin is found from there.
   */
  readonly workspace: string;
  /** The configuration file: absolute path. */
  readonly configFile: string;
  /** The stage to package. */
  readonly stage: string;
  /** The region to package for. */
  readonly region: string;
  /** The folder in which bundles are kept, for other configurations of the same files. Default: they are not kept. */
  readonly bundles?: string;
  /** The folder in which Node keeps compiled code. Default: it is not kept. */
  readonly compiled?: string;
  /** Receives a sentence when packaging starts and at its end. Default nobody. */
  readonly onStep?: ((sentence: string) => void) | undefined;
}

/** The result of packaging. */
export interface Packaged {
  /** Name of the CloudFormation stack, as Serverless gives it: `sluice-local`. */
  readonly stackName: string;
  /** The CloudFormation template. */
  readonly template: unknown;
}

/** What `execFile` reports about a process that failed. */
const failureSchema = z.object({
  killed: z.boolean().default(false),
  stdout: z.string().default(''),
  stderr: z.string().default(''),
});

/** What Serverless leaves of the service's name. */
const stateSchema = z.object({ service: z.object({ service: z.string() }) });

/**
 * Runs `serverless package` offline, without any AWS credentials in its environment. It runs in a workspace of links to
 * the project's files, so that neither a package that someone makes by hand at the same time nor another local cloud gets
 * in its way.
 *
 * The bundles are in `<workspace>/build/` afterwards.
 *
 * @throws LocalTemplateError `SLUICE_TEMPLATE_TOOL_MISSING`, `SLUICE_TEMPLATE_PACKAGE_FAILED`
 */
export async function packageService(request: PackageRequest): Promise<Packaged> {
  const { root, workspace, onStep } = request;
  const serverless = findServerless(root);
  const startedAt = performance.now();
  onStep?.(
    'Packaging the functions for this machine, once until they change: about 5 seconds, on a busy machine up to a minute.',
  );
  await mkdir(workspace, { recursive: true });
  for (const { name } of await readdir(root, { withFileTypes: true })) {
    if ((name.startsWith('.') && !isDotenv(name)) || NOT_LINKED.includes(name)) continue;
    if (name === SERVERLESS_YML) {
      const yml = await readFile(join(root, name), 'utf8');
      // Serverless follows no link to its own file. It reads included files from the root and not from the workspace,
      // unless the root's name has characters of Serverless's own notation.
      const from = /[(),"'{}]/.test(root) ? '' : `${root}/`;
      await writeFile(
        join(workspace, name),
        yml.replace(YML_FILE, (_, begin, path) => `${begin}${from}${path}`),
      );
    } else await symlink(join(root, name), join(workspace, name), 'junction');
  }
  await run(serverless, request);
  const made = join(workspace, '.serverless');
  const template: unknown = JSON.parse(
    await readFile(join(made, 'cloudformation-template-update-stack.json'), 'utf8'),
  );
  const state = stateSchema.parse(JSON.parse(await readFile(join(made, 'serverless-state.json'), 'utf8')));
  onStep?.(`Packaged in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`);
  return { stackName: `${state.service.service}-${request.stage}`, template };
}

/**
 * The path of Serverless, from the project's own dependencies. @throws LocalTemplateError SLUICE_TEMPLATE_TOOL_MISSING.
 */
function findServerless(root: string): string {
  try {
    return createRequire(join(root, 'package.json')).resolve('serverless/bin/serverless.js');
  } catch (error) {
    throw new LocalTemplateError('SLUICE_TEMPLATE_TOOL_MISSING', '', { cause: error });
  }
}

/** Runs `serverless package`. @throws LocalTemplateError with the end of its output. */
async function run(
  serverless: string,
  { stage, region, workspace, configFile, bundles, compiled }: PackageRequest,
): Promise<void> {
  try {
    await promisify(execFile)(
      process.execPath,
      [serverless, 'package', '--stage', stage, '--region', region],
      {
        cwd: workspace,
        env: {
          ...withoutSecrets(process.env),
          SLUICE_CONFIG: configFile,
          // Functions run on this machine, so bindings for Lambda's machines need not be fetched.
          SLUICE_PACKAGE_FOR: 'here',
          SLUICE_BUNDLES: bundles,
          NODE_COMPILE_CACHE: compiled,
          CI: '1',
        },
        timeout: DEADLINE_MS,
        killSignal: 'SIGKILL',
      },
    );
  } catch (error) {
    const { killed, stdout, stderr } = failureSchema.parse(error);
    const output = `${stdout}${stderr}`.slice(-OUTPUT_CHARACTERS).trim() || String(error);
    const stopped = killed ? `It was stopped after ${DEADLINE_MS / 1_000} s. ` : '';
    throw new LocalTemplateError('SLUICE_TEMPLATE_PACKAGE_FAILED', `${stopped}Its output:\n${output}`, {
      cause: error,
    });
  }
}

/** The environment without credentials. Packaging uses no network, and without credentials it could not even by mistake. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(AWS_|SLS_|SERVERLESS_|NODE_OPTIONS$)/.test(name)),
  );
}
