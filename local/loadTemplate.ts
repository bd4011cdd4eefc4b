import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../lib/base/json.ts';
import { configFile, loadComparedConfig } from '../lib/config/loadConfig.ts';
import { sluiceFolder } from '../lib/config/sluiceFolder.ts';
import type { Config } from '../lib/schema/config.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';
import { parseTemplate, type Template } from '../packages/local-aws/src/template/index.ts';
import { digestInputs, isErrorOf } from './digestInputs.ts';
import { type Packaged, packageService } from './packageService.ts';

/**
 * How long packages and workspaces are kept after they were last loaded, ms. A cloud that runs longer may lack parts
 * then.
 */
const KEPT_MS = 14 * 24 * 60 * 60_000;
/** The file of a cached package that says what was packaged. */
const PACKAGE_FILE = 'deployment.json';
/** The folder beside the packages in which Node keeps compiled code. */
export const COMPILED = 'compiled';

/** The data stored beside the bundles. */
const packageSchema = z.strictObject({ stackName: z.string(), template: z.unknown() });

/** Which template to load. */
interface LoadOptions {
  /** The root of the project, where serverless.yml is. */
  readonly root: string;
  /** The root of Sluice's code. Default: the root of the project, as in the repository. */
  readonly code?: string;
  /** The stage, which is a part of every name: `sluice-local-keys`. Default: `local`. */
  readonly stage?: string | undefined;
  /**
   * The environment, of which only `SLUICE_CONFIG` is read: the path of another configuration file. Default: that of
   * the process.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Receives a sentence at each step of packaging, which takes 5 seconds to a minute. Default nobody. */
  readonly onPackaging?: ((sentence: string) => void) | undefined;
}

/** The folder in which the packages of a project are kept. */
export function packagesFolder(root: string): string {
  return sluiceFolder(root, 'template');
}

/** A packaged deployment. */
export interface LoadedTemplate {
  /** The CloudFormation template. */
  readonly template: Template;
  /** The folder of the bundles: `<directory>/build/<function>/handler.mjs`. */
  readonly directory: string;
  /** The configuration that the template was made from. */
  readonly config: Config;
  /** Name of the CloudFormation stack, as Serverless gives it: `sluice-local`. */
  readonly stackName: string;
  /** Whether the deployment had been packaged before. */
  readonly cached: boolean;
}

/**
 * The CloudFormation template and the bundled functions that `serverless package` makes of the sources as they
 * are now. Packages are kept by a digest of their inputs, so only a change is packaged again. A package stays for two weeks
 * after it was loaded: functions load parts of their code when they first need them.
 *
 * @throws LocalTemplateError when packaging fails, ConfigError when the configuration is not valid.
 */
export async function loadTemplate(options: LoadOptions): Promise<LoadedTemplate> {
  const { root, code, stage = LOCAL_STAGE, env = process.env } = options;
  const cacheDirectory = packagesFolder(root);
  const file = configFile(root, env);
  const config = await loadComparedConfig(file, stage);
  const { region } = config;
  const digests = await digestInputs({ root, code }, { config, stage, region });
  const directory = join(cacheDirectory, digests.all);
  const bundles = join(cacheDirectory, digests.files);
  const use = async () => {
    const now = new Date();
    for (const used of [directory, bundles]) await utimes(used, now, now);
  };
  const found = existsSync(bundles) ? await readPackage(directory) : undefined;
  if (found !== undefined) {
    await use();
    return { ...found, directory, config, cached: true };
  }
  // A package that is there but can't be read comes from a full disk, because packages are moved into place whole.
  await rm(directory, { recursive: true, force: true });

  // The packages hold the configuration: customers' accounts and roles are the user's own business.
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
  await chmod(cacheDirectory, 0o700);
  let packaged: Packaged;
  const workspace = join(cacheDirectory, `.${digests.all}-${randomUUID()}`);
  try {
    packaged = await packageService({
      root,
      workspace,
      configFile: file,
      stage,
      region,
      bundles,
      compiled: join(cacheDirectory, COMPILED),
      onStep: options.onPackaging,
    });
    const finished = join(workspace, 'finished');
    await mkdir(finished);
    await rename(join(workspace, 'build'), join(finished, 'build'));
    await writeFile(join(finished, PACKAGE_FILE), JSON.stringify(packaged));
    await rename(finished, directory).catch((error: unknown) => {
      // Another process has just made the same package, which is as good as this one.
      if (!isErrorOf(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
  // The files may be those of another package, so they are marked as used, too.
  await use();
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

/** Removes old packages, and workspaces that an interrupted packaging has left. */
async function forgetOld(cacheDirectory: string): Promise<void> {
  const oldest = Date.now() - KEPT_MS;
  for (const name of await readdir(cacheDirectory)) {
    const path = join(cacheDirectory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: oldest }));
    if ((name === COMPILED || /^\.?[0-9a-f]{32}/.test(name)) && mtimeMs < oldest)
      // An environment that still runs may write compiled code.
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
