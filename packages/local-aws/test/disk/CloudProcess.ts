import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { it } from '@jest/globals';
import type { ClientOptions } from '../../src/testing/startServices.ts';

/** Limits can be changed while a process runs with util-linux's `prlimit`, which only Linux has. */
export const itOnLinux = process.platform === 'linux' ? it : it.skip;

/** A local cloud in a process of its own. */
export class CloudProcess {
  readonly #child: ChildProcess;
  #told = '';
  /** Where it answers. Empty when it did not start. */
  readonly endpoint: string;
  readonly api: string;

  private constructor(child: ChildProcess, told: string, place: { endpoint?: string; api?: string }) {
    this.#child = child;
    this.#told = told;
    this.endpoint = place.endpoint ?? '';
    this.api = place.api ?? '';
    child.stderr?.on('data', (text: Buffer) => {
      this.#told += String(text);
    });
  }

  /**
   * Starts it and waits until it answers, or has ended.
   *
   * @param root A directory; the data is in `data` below it.
   * @param options.fileBytes No file may grow beyond this. Default: any may.
   * @param options.env More environment variables. Default: none.
   */
  static async start(
    root: string,
    template: object = { Resources: {} },
    { fileBytes, env = {} }: { fileBytes?: number; env?: Readonly<Record<string, string>> } = {},
  ): Promise<CloudProcess> {
    const templateFile = join(root, 'template.json');
    mkdirSync(root, { recursive: true });
    writeFileSync(templateFile, JSON.stringify(template));
    const script = fileURLToPath(new URL('serveCloud.ts', import.meta.url));
    const command = [process.execPath, script, join(root, 'data'), templateFile];
    const limited = fileBytes === undefined ? command : ['prlimit', `--fsize=${fileBytes}:`, ...command];
    const child = spawn(limited[0] ?? '', limited.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let told = '';
    const listen = (text: Buffer) => {
      told += String(text);
    };
    child.stderr.on('data', listen);
    const [line]: unknown[] = await Promise.race([
      once(createInterface(child.stdout), 'line'),
      once(child, 'close').then(() => ['{}']),
    ]);
    child.stderr.off('data', listen);
    return new CloudProcess(child, told, JSON.parse(String(line)));
  }

  /** Its output on stderr so far. */
  get told(): string {
    return this.#told;
  }

  get clientOptions(): ClientOptions {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    return { endpoint: this.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
  }

  /** From now on no file may grow beyond so many bytes, as on a full disk. Undefined: any may. */
  limit(fileBytes: number | undefined): void {
    const { status, stderr } = spawnSync('prlimit', [
      `--pid=${this.#child.pid}`,
      `--fsize=${fileBytes ?? 'unlimited'}:`,
    ]);
    if (status !== 0) throw new Error(String(stderr));
  }

  /** Ends it: by default at once, as `kill -9` does. */
  async stop(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill(signal);
    await ended;
  }
}
