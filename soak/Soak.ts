import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { repositoryRoot } from '../local/dataDirectory.ts';
import { loadTemplate } from '../local/loadTemplate.ts';
import { type Cloud, startCloud } from '../local/startCloud.ts';
import { MovableClock } from '../packages/local-aws/src/index.ts';
import { requestSize, type SoakRequest, seededRandom } from './events.ts';
import { type FaultKind, faultKinds } from './faultKinds.ts';
import { Ledger, type SoakWindow } from './Ledger.ts';
import { Sender, type SentRequest } from './Sender.ts';

const CONFIG = fileURLToPath(new URL('./sluice.config.ts', import.meta.url));
const MINUTE_MS = 60_000;
/** Most events of a window. */
const WINDOW_EVENTS = 50_000;
/** The longest step of the clock, minutes: schedules run every five. */
const STEP_MINUTES = 8;
/** A window that takes longer than this passes in jumps of an hour, so that each schedule runs once in an hour. */
const STEPS_UNTIL_MINUTES = 180;
const JUMP_MINUTES = 60;
/** How long buffers and what they cause take after the faults, minutes. */
const CALM_MINUTES = 6;
/** Parts in which a window's events come, with time between them; a small window has fewer. */
const PARTS = { large: 4, small: 2, smallEvents: 2_000 };
/** How long queues must stay as they are, milliseconds of the machine, and the longest wait for it. */
const IDLE_MS = { empty: 20, waiting: 150, most: 10_000 };
/** How long after the last fault everything must be delivered, hours by the local clock. */
const RECOVERY_HOURS = 48;
/** Every so many windows may have the faults of a second kind, once every kind had its own. */
const BESIDE_EVERY = 3;

/** What is to be run. */
export interface SoakOptions {
  readonly events: number;
  readonly seed: number;
  /** Folder of this run: the local cloud's data and the ledger. A run that is in it goes on. */
  readonly directory: string;
  /** Stops after this time of the machine, between two windows. Default: never. */
  readonly minutes?: number | undefined;
  /** Receives a sentence about the progress. */
  readonly say: (sentence: string) => void;
}

/**
 * Sends events to the local cloud in windows, each with faults that are drawn by the seed, until all are sent and
 * everything is delivered by the product's own schedules.
 *
 * @returns Whether it is finished; if not, the same call goes on.
 * @throws Error when something still waits long after the last fault.
 */
export async function runSoak(options: SoakOptions): Promise<boolean> {
  const ledger = new Ledger(options.directory);
  if (ledger.finished) return true;
  const clock = new MovableClock();
  if (ledger.clock !== undefined) await clock.set(Math.max(ledger.clock, Date.now()));
  const cloud = await startCloud({
    port: 0,
    edgePort: 0,
    data: join(options.directory, 'data'),
    clock,
    load: () =>
      loadTemplate({
        root: repositoryRoot,
        cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
        env: { SLUICE_CONFIG: CONFIG },
        onPackaging: () => options.say('Packaging changed functions …'),
      }),
  });
  try {
    return await new Soak(options, ledger, cloud, clock).run();
  } finally {
    await setFaults(cloud, null);
    await cloud.close();
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #ledger: Ledger;
  readonly #cloud: Cloud;
  readonly #clock: MovableClock;
  readonly #sender: Sender;
  readonly #startedAt = performance.now();
  /** Requests that SDKs keep, to send them again later. */
  #kept: SoakRequest[] = [];

  constructor(options: SoakOptions, ledger: Ledger, cloud: Cloud, clock: MovableClock) {
    this.#options = options;
    this.#ledger = ledger;
    this.#cloud = cloud;
    this.#clock = clock;
    this.#sender = new Sender(cloud.collector);
  }

  async run(): Promise<boolean> {
    const { events, minutes = Number.POSITIVE_INFINITY, say } = this.#options;
    const before = this.#ledger.planned;
    while (this.#ledger.planned < events) {
      const elapsedMs = performance.now() - this.#startedAt;
      if (elapsedMs > minutes * MINUTE_MS) {
        await this.#sendKept();
        return false;
      }
      const window = this.#drawWindow();
      await this.#runWindow(window);
      const seconds = (performance.now() - this.#startedAt) / 1_000;
      const done = this.#ledger.planned;
      say(
        `${done} of ${events} events, ${Math.round((done - before) / seconds)}/s; window ${window.window}: ${window.kind}${window.beside === undefined ? '' : ` beside ${window.beside}`}`,
      );
    }
    await this.#recover();
    this.#ledger.note({ finished: true });
    return true;
  }

  /** The next window. All kinds come once, in an order by the seed, before any comes again. */
  #drawWindow(): SoakWindow {
    const { seed, events } = this.#options;
    const window = this.#ledger.windows.length;
    const kinds = faultKinds(seed);
    const random = seededRandom(seed * 65_537 + Math.floor(window / kinds.length));
    const deck = kinds
      .map(({ name }) => ({ name, order: random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ name }) => name);
    const kind = deck[window % deck.length] ?? 'none';
    const other =
      window % BESIDE_EVERY === 0 && window >= kinds.length ? deck[(window + 7) % deck.length] : undefined;
    const first = this.#ledger.planned;
    const most = Math.min(WINDOW_EVENTS, Math.ceil(events / kinds.length));
    const drawn = {
      window,
      kind,
      ...(other === undefined ? {} : { beside: other }),
      first,
      count: Math.min(most, events - first),
      clock: this.#clock.now(),
    };
    this.#ledger.note(drawn);
    return drawn;
  }

  async #runWindow(window: SoakWindow): Promise<void> {
    const seed = this.#options.seed * 1_009 + window.window;
    const kinds = faultKinds(seed);
    const find = (name: string | undefined): FaultKind | undefined => kinds.find((one) => one.name === name);
    const { faults = {}, minutes = 10 } = find(window.kind) ?? {};
    await setFaults(this.#cloud, faults);
    await setFaults(this.#cloud, find(window.beside)?.faults ?? {});
    const requests = splitIntoRequests(window, seededRandom(seed));
    const parts = window.count < PARTS.smallEvents ? PARTS.small : PARTS.large;
    const perPart = Math.ceil(requests.length / parts);
    for (let part = 0; part < parts; part += 1) {
      const time = this.#clock.now();
      await this.#send(requests.slice(part * perPart, (part + 1) * perPart).map((one) => ({ ...one, time })));
      await this.#pass(minutes / parts);
    }
    const struck = await setFaults(this.#cloud, null);
    await this.#pass(CALM_MINUTES);
    await this.#sendKept();
    this.#ledger.note({ ended: window.window, struck, clock: this.#clock.now() });
  }

  async #sendKept(): Promise<void> {
    const kept = this.#kept;
    this.#kept = [];
    await this.#send(kept);
  }

  async #send(requests: readonly SoakRequest[]): Promise<void> {
    const done: SentRequest[] = [];
    await this.#sender.sendAll(requests, (sent) => {
      if (sent.outcome === 'unanswered') this.#kept.push(sent);
      else done.push(sent);
      if (done.length === 100) this.#ledger.noteSent(done.splice(0));
    });
    this.#ledger.noteSent(done);
  }

  /** Lets time pass, and the functions do in it what they have to. */
  async #pass(minutes: number): Promise<void> {
    for (let left = minutes; left > 0; ) {
      const isLong = minutes - left >= STEPS_UNTIL_MINUTES;
      const step = Math.min(isLong ? JUMP_MINUTES : STEP_MINUTES, left);
      if (isLong) await this.#clock.set(this.#clock.now() + step * MINUTE_MS);
      else await this.#clock.advance(step * MINUTE_MS);
      await this.#idle();
      left -= step;
    }
    this.#ledger.note({ clock: this.#clock.now() });
  }

  /**
   * Resolves when the queues have not changed for a while: what is left in them waits for the clock. It must not run on
   * while functions work, because leases and visibility timeouts go by it.
   */
  async #idle(): Promise<void> {
    const deadline = performance.now() + IDLE_MS.most;
    for (let [before, since] = ['', performance.now()]; performance.now() < deadline; ) {
      const queues = this.#cloud.status().queues.map(({ messages }) => messages);
      const now = queues.join();
      if (now !== before) [before, since] = [now, performance.now()];
      const waits = queues.some((messages) => messages > 0) ? IDLE_MS.waiting : IDLE_MS.empty;
      if (performance.now() - since >= waits) return;
      await wait(10);
    }
  }

  /** Time passes without faults until nothing waits: buffers, overflow, errors of Firehose, and what SDKs kept. */
  async #recover(): Promise<void> {
    const objects = new S3Client({
      endpoint: this.#cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
    });
    const count = async (Prefix: string) =>
      (await objects.send(new ListObjectsV2Command({ Bucket: this.#cloud.bucket, Prefix }))).KeyCount ?? 0;
    try {
      for (let hours = 0; ; hours += 0.5) {
        await this.#pass(30);
        await this.#sendKept();
        const buffered = this.#cloud.status().pending.reduce((sum, { documents }) => sum + documents, 0);
        const [overflow, errors, parked] = [
          await count('overflow/'),
          await count('errors/'),
          await count('parked/'),
        ];
        this.#options.say(
          `Recovering, ${hours} h: ${buffered} rows buffered; objects: ${overflow} overflow, ${errors} errors, ${parked} parked; ${this.#kept.length} requests kept.`,
        );
        if (parked > 0) await this.#redriveParked();
        if (buffered + overflow + errors + parked + this.#kept.length === 0) break;
        if (hours >= RECOVERY_HOURS) throw new Error('Something still waits long after the last fault.');
      }
    } finally {
      objects.destroy();
    }
    await this.#cloud.flush();
  }

  /** What an operator does with objects that failed for a day: docs/operate.md. */
  async #redriveParked(): Promise<void> {
    const command = ['redrive', '--parked', '--local', '--endpoint-url', this.#cloud.edge];
    await promisify(execFile)(process.execPath, [join(repositoryRoot, 'cli', 'sluice.mjs'), ...command], {
      env: {
        ...process.env,
        SLUICE_CONFIG: CONFIG,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    });
  }
}

/** Requests with all events of a window, in sizes by chance; when they happen is said when they are sent. */
function splitIntoRequests({ window, first, count }: SoakWindow, random: () => number): SoakRequest[] {
  const requests: SoakRequest[] = [];
  for (let at = 0; at < count; ) {
    const size = Math.min(requestSize(random, count), count - at);
    requests.push({ window, first: first + at, count: size, time: 0 });
    at += size;
  }
  return requests;
}

/** Adds faults, or removes all with null. @returns How often those have struck that were removed. */
async function setFaults({ edge }: Cloud, faults: object | null): Promise<number> {
  const url = `${edge}/_sluice/faults`;
  const before = z
    .object({ faults: z.array(z.object({ struck: z.int() })) })
    .parse(await (await fetch(url)).json());
  const request = faults === null ? { method: 'DELETE' } : { method: 'POST', body: JSON.stringify(faults) };
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`The local cloud refused the faults: ${await answer.text()}`);
  return before.faults.reduce((sum, { struck }) => sum + struck, 0);
}
