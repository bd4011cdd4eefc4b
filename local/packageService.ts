import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { LocalTemplateError } from './errors.ts';
import { isDotenv, SERVERLESS_YML, withoutSecrets, YML_FILE } from './projectFiles.ts';

/** Not linked: the output of packaging, and modules, which are found in the project above the workspace. */
const NOT_LINKED: readonly string[] = ['node_modules', 'build'];

/** How long packaging may take, ms. It takes about five seconds, and was seen to take 47 on a busy machine. */
const DEADLINE_MS = 180_000;
/** How much of Serverless's output goes into an error, characters. */
const OUTPUT_CHARACTERS = 2_000;

/** The project to package, and where. */
interface PackageRequest {
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
