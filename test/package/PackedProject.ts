import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_NAME } from '../../lib/base/version.ts';
import { projectRoot } from '../../local/roots.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';

/** How a command ended, and all that it printed. */
export interface Ran {
  /** Null after a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Packs the repository as `npm run pack` does, and unpacks the tarball into a folder, as an installation has it. */
export function packPackage(
  folder: string,
  version: string,
): { readonly tarball: string; readonly unpacked: string } {
  const pack = join(projectRoot, 'scripts', 'pack.ts');
  const packed = spawnSync(process.execPath, [pack, '--out', folder, '--version', version], {
    encoding: 'utf8',
    timeout: COMMAND_MS,
  });
  if (packed.status !== 0) throw new Error(packed.stderr);
  const tarball = join(folder, `sluice-pipeline-sluice-${version}.tgz`);
  const unpacked = join(folder, `unpacked-${version}`);
  mkdirSync(unpacked);
  const untarred = spawnSync('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1']);
  if (untarred.status !== 0) throw new Error(String(untarred.stderr));
  return { tarball, unpacked };
}

/** Where a package manager puts what. */
export type Layout =
  /** npm: everything beside each other in the project. */
  | 'npm'
  /** pnpm: each package sees its own dependencies alone, by links. */
  | 'pnpm'
  /** A workspace: everything in the folder above. */
  | 'workspace';

/**
 * A project with the package installed in it. Third parties' packages are links to the repository's: only those that the
 * package declares, so that one which it forgets is missing.
 */
export class PackedProject {
  readonly root: string;
  readonly #layout: Layout;

  /** @param root Of the project, which has its files already. */
  constructor(root: string, layout: Layout, unpacked: string) {
    this.root = root;
    this.#layout = layout;
    this.install(unpacked);
  }

  get #modules(): string {
    return join(this.#layout === 'workspace' ? dirname(dirname(this.root)) : this.root, 'node_modules');
  }

  /** Puts another version in place of the one that is installed. */
  install(unpacked: string): void {
    const modules = this.#modules;
    rmSync(modules, { recursive: true, force: true });
    const beside = this.#layout === 'pnpm' ? join(modules, '.pnpm', 'sluice', 'node_modules') : modules;
    const target = join(beside, PACKAGE_NAME);
    cpSync(unpacked, target, { recursive: true });
    const manifest = readFileSync(join(target, 'package.json'), 'utf8');
    const { dependencies }: { readonly dependencies: object } = JSON.parse(manifest);
    for (const name of Object.keys(dependencies)) linkPackage(name, beside);
    linkPackage('serverless', modules);
    if (beside !== modules) linkTo(target, join(modules, PACKAGE_NAME));
  }

  /** Runs `npx sluice …`. */
  sluice(args: readonly string[], options: RunOptions = {}): Ran {
    return this.#run(join(this.#modules, PACKAGE_NAME, 'cli', 'sluice.mjs'), args, options);
  }

  /** Runs `npx serverless …`. */
  serverless(args: readonly string[], options: RunOptions = {}): Ran {
    return this.#run(join(this.#modules, 'serverless', 'bin', 'serverless.js'), args, options);
  }

  /** Starts the local cloud, and resolves when it is ready. */
  async start(): Promise<RunningProject> {
    const file = join(this.#modules, PACKAGE_NAME, 'cli', 'sluice.mjs');
    const args = [file, 'start', '--port', '0', '--edge-port', '0', '--json'];
    const child = spawn(process.execPath, args, { cwd: this.root, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk)));
      child.once('exit', () => reject(new Error(said)));
    });
    return new RunningProject(child, JSON.parse(line));
  }

  /** Writes a file of the project. @param path From its root. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  #run(file: string, args: readonly string[], { env = {}, cwd = this.root, node = [] }: RunOptions): Ran {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...node, file, ...args], {
      cwd,
      encoding: 'utf8',
      timeout: COMMAND_MS,
      env: { PATH: process.env['PATH'], HOME: this.root, CI: '1', ...env },
    });
    return { status, stdout, stderr };
  }
}

/** How to run a command. */
interface RunOptions {
  /** More variables of its environment, which has almost none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default the project's root. */
  readonly cwd?: string;
  /** Options of Node. */
  readonly node?: readonly string[];
}

/** A local cloud of a project. */
class RunningProject {
  readonly #child: ChildProcess;
  /** What `sluice start --json` prints once it is ready. */
  readonly ready: {
    readonly version: string;
    readonly collector: string;
    readonly console: string;
    readonly data: string;
  };

  constructor(child: ChildProcess, ready: RunningProject['ready']) {
    this.#child = child;
    this.ready = ready;
  }

  /** Sends an event of now by the collector. @returns The status of its answer. */
  async post(eventName: string): Promise<number> {
    const { status } = await fetch(`${this.ready.collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-test', 'content-type': 'application/json' },
      body: JSON.stringify({ events: [{ eventName, user: { userID: 'u1' }, time: Date.now() }] }),
    });
    return status;
  }

  /** Ctrl-C, which delivers what waits. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGINT');
    await ended;
  }
}

/** Links the repository's package of a name into a folder of packages. */
function linkPackage(name: string, modules: string): void {
  linkTo(join(projectRoot, 'node_modules', name), join(modules, name));
}

/** Makes a link, which needs no privilege on Windows. */
function linkTo(target: string, link: string): void {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(target, link, 'junction');
}
