import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { projectRoot } from '../../local/roots.ts';

/** LocalStack takes an access key of 12 digits for the account. */
export const ACCOUNT = '111122223333';
/** Not us-east-1: there S3 says yes to whoever creates a bucket of their own again. */
export const REGION = 'eu-west-1' as const;

const START_MS = 300_000;
const LOOK_MS = 500;

const faultsSchema = z.object({
  left: z.record(z.string(), z.number()),
  happened: z.record(z.enum(['hung', 'late', 'twice', 'killed']), z.number()),
});

/** How often each fault of engine.py is to happen. */
type Faults = Readonly<
  Partial<Record<'hang' | 'late' | 'twice' | 'killAfterPut' | 'killBeforeDelete', number>>
>;

/** How a command ended. */
export interface Ended {
  /** Null after a signal. */
  readonly status: number | null;
  readonly stdout: string;
  /** Both outputs, as they came. */
  readonly output: string;
}

/**
 * LocalStack and moto's server, as processes of this one on free ports, with all of their files in one folder. Nothing of
 * AWS in this process's environment reaches them or what is run against them.
 */
export class Engine {
  readonly #folder: string;
  readonly #bin: string;
  readonly #children = new Set<ChildProcessWithoutNullStreams>();
  readonly #door = createServer((incoming, answer) => this.#forward(incoming, answer));
  #host = '';
  /** Where all of AWS answers. */
  edge = '';
  /** Where moto's server answers, which knows nothing of the deployment. */
  moto = '';
  /** The Function URL, by an address that needs no DNS. */
  collector = '';

  private constructor(folder: string, bin: string) {
    this.#folder = folder;
    this.#bin = bin;
  }

  /**
   * @param folder Where everything is written.
   * @param bin Commands of the Python environment.
   * @throws when one of them does not start, with the end of its log.
   */
  static async start(folder: string, bin: string): Promise<Engine> {
    const engine = new Engine(folder, bin);
    try {
      for (const name of ['tmp', 'state', 'home']) mkdirSync(join(folder, name));
      const edge = await freePort();
      const moto = await freePort();
      engine.#serve('localstack', [join(import.meta.dirname, 'engine.py')], {
        ENGINE_WORK: folder,
        ENGINE_NODE: process.execPath,
        GATEWAY_LISTEN: `127.0.0.1:${edge}`,
        FILESYSTEM_ROOT: join(folder, 'state'),
        // URLs of queues by an address that needs no DNS.
        LOCALSTACK_HOST: `127.0.0.1:${edge}`,
        SQS_ENDPOINT_STRATEGY: 'path',
        CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: '1',
        // Browsers' requests reach Function URLs, whose own CORS settings answer them.
        DISABLE_CORS_CHECKS: '1',
        LAMBDA_KEEPALIVE_MS: '60000',
        // Neither an account nor a network is asked.
        SKIP_SSL_CERT_DOWNLOAD: '1',
        DISABLE_EVENTS: '1',
        DNS_ADDRESS: '0',
      });
      engine.#serve('moto', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(moto)], {});
      engine.edge = `http://127.0.0.1:${edge}`;
      engine.moto = `http://127.0.0.1:${moto}`;
      await engine.#answers(`${engine.edge}/_engine/faults`, 'localstack');
      await engine.#answers(`${engine.moto}/moto-api/`, 'moto');
      const door = await freePort();
      await new Promise<void>((resolve) => engine.#door.listen(door, '127.0.0.1', resolve));
      engine.collector = `http://127.0.0.1:${door}`;
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** Environment of whatever talks to this AWS: dummy keys, and no home whose settings it could find. */
  env(region = REGION, account = ACCOUNT): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|SLUICE|SLS|LOCALSTACK)_/.test(name));
    return {
      ...Object.fromEntries(own),
      PATH: [this.#bin, join(projectRoot, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter),
      HOME: join(this.#folder, 'home'),
      TMPDIR: join(this.#folder, 'tmp'),
      AWS_ENDPOINT_URL: this.edge,
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'dummy',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** Settings of a client of AWS's SDK. */
  client({ endpoint = this.edge, account = ACCOUNT, region = REGION } = {}) {
    const credentials = { accessKeyId: account, secretAccessKey: 'dummy' };
    return { endpoint, region, credentials, forcePathStyle: true, maxAttempts: 3 };
  }

  /** Starts a command that ends with this process, however this one ends, and with {@link stop}. */
  start(
    command: string,
    args: readonly string[],
    { cwd = this.#folder, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ): ChildProcessWithoutNullStreams {
    const leash = [join(import.meta.dirname, 'leash.py'), command, ...args];
    // Ctrl-C of a terminal reaches this process alone, which then ends the others.
    const options = { cwd, env: { ...this.env(), ...env }, detached: true };
    const child = spawn(join(this.#bin, 'python'), leash, options);
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Runs a command to its end. */
  async run(
    command: string,
    args: readonly string[],
    { timeoutMs, ...options }: { cwd?: string; timeoutMs: number; env?: NodeJS.ProcessEnv },
  ): Promise<Ended> {
    const child = this.start(command, args, options);
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const timer = globalThis.setTimeout(() => child.stdin.end(), timeoutMs);
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    return { status, stdout, output };
  }

  /** Posts to the Function URL of this address from here on. */
  pointAt(url: string): void {
    // No URL to JavaScript, as its host ends with a number.
    this.#host = url.split('/')[2] ?? '';
  }

  /** Sets the faults that happen from here on, in place of others. */
  async setFaults(faults: Faults): Promise<void> {
    await fetch(`${this.edge}/_engine/faults`, { method: 'POST', body: JSON.stringify(faults) });
  }

  /** Faults that are still to happen, and how often each has happened. */
  async faults(): Promise<z.output<typeof faultsSchema>> {
    return faultsSchema.parse(await (await fetch(`${this.edge}/_engine/faults`)).json());
  }

  /** Sends what the schedule of this name sends: nothing in LocalStack runs schedules. */
  async runSchedule(name: string): Promise<void> {
    const answer = await fetch(`${this.edge}/_engine/schedules/${ACCOUNT}/${REGION}/${name}`);
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  }

  /** The end of a log: `localstack`, `moto`, `functions`. */
  log(name: string, characters = 4_000): string {
    const file = join(this.#folder, `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-characters) : '';
  }

  /** Ends all that it has started. */
  async stop(): Promise<void> {
    this.#door.close();
    this.#door.closeAllConnections();
    const ended = [...this.#children].map((child) => {
      child.stdin.end();
      return new Promise((resolve) => child.once('close', resolve));
    });
    await Promise.all(ended);
  }

  #serve(name: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
    const own = { AWS_ENDPOINT_URL: undefined, PYTHONUNBUFFERED: '1' };
    const child = this.start('python', args, { env: { ...own, ...env } });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => appendFileSync(join(this.#folder, `${name}.log`), chunk));
  }

  async #answers(url: string, name: string): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const isUp = await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      );
      if (isUp) return;
      const isOver = this.#children.size < 2;
      if (isOver || Date.now() > deadline) throw new Error(`${name} does not start:\n${this.log(name)}`);
      await setTimeout(LOOK_MS);
    }
  }

  #forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const { port } = new URL(this.edge);
    const { method, url, headers } = incoming;
    const out = request(
      { host: '127.0.0.1', port, method, path: url, headers: { ...headers, host: this.#host } },
      (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
      },
    );
    out.once('error', () => answer.destroy());
    incoming.pipe(out);
  }
}

/** A port of this machine that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createSocket();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
