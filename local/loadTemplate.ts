import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../lib/base/json.ts';
import { configFile, loadComparedConfig } from '../lib/config/loadConfig.ts';
import type { Config } from '../lib/schema/config.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';
import { parseTemplate, type Template } from '../packages/local-aws/src/template/index.ts';
import { digestInputs, type Packaged, packageService } from './packageService.ts';

/** Packages that are kept besides those in use: enough for a few configurations side by side. */
const KEPT = 12;
/** From this age on nobody packages in a workspace any more, ms. */
const LEFT_MS = 60 * 60_000;
/** Attempts to move a package into place: other processes may do the same. */
const MOST_TRIES = 5;
const PACKAGE_FILE = 'deployment.json';
/** An empty file in a package, named by a process that runs it. */
const USED = /^\.used-(\d+)$/;

/** The data stored beside the bundles. */
const packageSchema = z.strictObject({ stackName: z.string(), template: z.unknown() });

/** Which template, and where it is packaged. */
export interface LoadOptions {
  /** Root of the project: where serverless.yml is. */
  readonly root: string;
  /** Root of Sluice's code. Default: the same, as in the repository. */
  readonly code?: string;
  /** Where packages are kept, e.g. `<root>/.sluice/template`. */
  readonly cacheDirectory: string;
  /** Default `local`. Part of every name: `sluice-local-keys`. */
  readonly stage?: string | undefined;
  /** Default: the configuration's. The template is the same for all. */
  readonly region?: string;
  /** Default the process's own. Only `SLUICE_CONFIG` is read: another configuration file. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Receives a sentence at each step of packaging, which takes 5 seconds to a minute. Default nobody. */
  readonly onPackaging?: ((sentence: string) => void) | undefined;
}

/** A packaged deployment. */
export interface LoadedTemplate {
  readonly template: Template;
  /** Where the bundles are: `<directory>/build/<function>/handler.mjs`. */
  readonly directory: string;
  /** The configuration it was made from. */
  readonly config: Config;
  /** Name of the CloudFormation stack, as Serverless gives it: `sluice-local`. */
  readonly stackName: string;
  /** Whether it had been packaged before. */
  readonly cached: boolean;
}

/**
 * The CloudFormation template and the bundled functions that `serverless package` makes of the sources as they
 * are now. Packages are kept by a digest of their inputs, so only a change is packaged again. The package stays while this
 * process lives: functions load parts of their code when they first need them.
 *
 * @throws LocalTemplateError when packaging fails, ConfigError when the configuration is not valid.
 */
export async function loadTemplate(options: LoadOptions): Promise<LoadedTemplate> {
  const { root, code, cacheDirectory, stage = LOCAL_STAGE, env = process.env } = options;
  const file = configFile(root, env);
  const config = await loadComparedConfig(file, stage, options.region);
  const { region = config.region } = options;
  const digest = await digestInputs({ root, code }, { config, stage, region });
  const directory = join(cacheDirectory, digest);
  await markUsed(directory);
  const kept = await readPackage(directory);
  if (kept !== undefined) return { ...kept, directory, config, cached: true };

  // The packages hold the configuration: customers' accounts and roles are the user's own business.
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
  await chmod(cacheDirectory, 0o700);
  let packaged: Packaged;
  const workspace = join(cacheDirectory, `.${digest}-${randomUUID()}`);
  try {
    packaged = await packageService({
      ...{ root, workspace, configFile: file, stage, region },
      onStep: options.onPackaging,
    });
    const finished = join(workspace, 'finished');
    await mkdir(finished);
    await rename(join(workspace, 'build'), join(finished, 'build'));
    await writeFile(join(finished, PACKAGE_FILE), JSON.stringify(packaged));
    await keep(workspace, finished, directory);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
  await markUsed(directory);
  await forgetOld(cacheDirectory);
  const { stackName, template } = packaged;
  return { stackName, template: parseTemplate(template), directory, config, cached: false };
}

/** Undefined if there is no package, or if it is incomplete. */
async function readPackage(
  directory: string,
): Promise<Pick<LoadedTemplate, 'stackName' | 'template'> | undefined> {
  const text = await readFile(join(directory, PACKAGE_FILE), 'utf8').catch((error) => {
    if (isErrorOf(error, 'ENOENT')) return '';
    throw error;
  });
  const packaged = packageSchema.safeParse(parseJson(text));
  if (!packaged.success) return undefined;
  return { stackName: packaged.data.stackName, template: parseTemplate(packaged.data.template) };
}

/** Moves a package into place at once, so that nobody sees half of one, and a torn one out of it. */
async function keep(workspace: string, finished: string, directory: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rename(finished, directory);
    } catch (error) {
      // Somebody else has just made the same: theirs is as good.
      if ((await readPackage(directory)) !== undefined) return;
      if (tries === MOST_TRIES || !isErrorOf(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      await moveTorn(directory, join(workspace, `torn-${tries}`));
    }
  }
}

/** A whole package that somebody has put there meanwhile goes back. */
async function moveTorn(directory: string, aside: string): Promise<void> {
  try {
    await rename(directory, aside);
  } catch (error) {
    // Somebody else has moved it.
    if (isErrorOf(error, 'ENOENT')) return;
    throw error;
  }
  // Where yet another has been put since, that one stays.
  if ((await readPackage(aside)) !== undefined) await rename(aside, directory).catch(() => undefined);
}

function isErrorOf(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

/** Marks a package as used by this process. Does nothing if there is no package. */
async function markUsed(directory: string): Promise<void> {
  try {
    await writeFile(join(directory, `.used-${process.pid}`), '');
  } catch (error) {
    if (!isErrorOf(error, 'ENOENT')) throw error;
  }
}

/** Whether a process that lives uses a package. */
async function isUsed(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  return names.some((name) => {
    const pid = USED.exec(name)?.[1];
    return pid !== undefined && isAlive(Number(pid));
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It lives and is somebody else's.
    return isErrorOf(error, 'EPERM');
  }
}

/** Removes the packages that nobody uses but the latest, and workspaces that an interrupted packaging has left. */
async function forgetOld(cacheDirectory: string): Promise<void> {
  const names = await readdir(cacheDirectory);
  const all = names.filter(isPackage);
  const used = await Promise.all(all.map((name) => isUsed(join(cacheDirectory, name))));
  const unused = all.filter((_, index) => used[index] === false);
  const packages = await datedPaths(cacheDirectory, unused);
  const workspaces = await datedPaths(cacheDirectory, names.filter(isWorkspace));
  const old = packages.sort((a, b) => b.modifiedMs - a.modifiedMs).slice(KEPT);
  const left = workspaces.filter(({ modifiedMs }) => Date.now() - modifiedMs > LEFT_MS);
  await Promise.all([...old, ...left].map(({ path }) => rm(path, { recursive: true, force: true })));
}

const isPackage = (name: string) => /^[0-9a-f]{32}$/.test(name);
const isWorkspace = (name: string) => /^\.[0-9a-f]{32}-[0-9a-f-]{36}$/.test(name);

function datedPaths(cacheDirectory: string, names: readonly string[]) {
  return Promise.all(
    names.map(async (name) => {
      const path = join(cacheDirectory, name);
      const modifiedMs = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      );
      return { path, modifiedMs };
    }),
  );
}
