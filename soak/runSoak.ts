import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadTemplate } from '../local/loadTemplate.ts';
import { projectRoot } from '../local/roots.ts';
import { type Cloud, startCloud } from '../local/startCloud.ts';
import { MovableClock, seededRandom } from '../packages/local-aws/src/base/index.ts';
import { requestsOf, type SoakRequest } from './events.ts';
import { faultKinds } from './faultKinds.ts';
import { Ledger, type SoakWindow } from './Ledger.ts';
import { Sender } from './Sender.ts';
import { SoakCloud } from './SoakCloud.ts';

/** The configuration of the cloud. */
const CONFIG = fileURLToPath(new URL('./sluice.config.ts', import.meta.url));
/** Milliseconds of a minute. */
const MINUTE_MS = 60_000;
/** Most events of a window. */
const WINDOW_EVENTS = 50_000;
/** The longest step of the clock, minutes: schedules run every five. */
const STEP_MINUTES = 8;
/**
 * A window that takes longer than this passes in jumps, each with a minute after it in which queues are asked. Every schedule runs in
 * every hour: jumps of an hour would leave one out, as the clock runs on between them.
 */
const STEPS_UNTIL_MINUTES = 180;
/** Minutes of a jump. */
const JUMP_MINUTES = 50;
/** How long buffers and what they cause take after the faults, minutes. */
const CALM_MINUTES = 6;
/** How long queues must stay as they are, milliseconds of the machine, and the longest wait for it. */
const IDLE_MS = { empty: 20, waiting: 150, most: 10_000 };
/** How long after everything is delivered nights judge its hours, minutes. */
const NIGHTS_MINUTES = 2 * 24 * 60;
/** How long after the last fault everything must be delivered, hours by the local clock. */
const RECOVERY_HOURS = 48;
/**
 * The number of windows among which one may have the faults of a second kind, once every kind has had a window of its
 * own.
 */
const BESIDE_EVERY = 3;
/** How far behind its own kind the second kind of a window is, among the kinds in their drawn order. */
const BESIDE_STEP = 7;

/** Options of a run. */
interface SoakOptions {
  /** How many events are sent in all. */
  readonly events: number;
  /** Draws the faults and the events: the same seed draws the same. */
  readonly seed: number;
  /** Folder of this run: the local cloud's data and the ledger. A run that is in it goes on. */
  readonly directory: string;
  /** Receives a sentence about the progress. */
  readonly say: (sentence: string) => void;
}

/**
 * Sends events to the local cloud in windows, each with faults that are drawn by the seed, until all are sent and
 * everything is delivered: by the product's schedules, and by a flush when nothing waits any more.
 *
 * @throws LedgerError when the folder has another run; Error when something still waits long after the last fault.
 */
export async function runSoak(options: SoakOptions): Promise<void> {
  const ledger = new Ledger(options.directory);
  ledger.begin(options);
  if (ledger.finished) return;
  const clock = new MovableClock();
  if (ledger.clock !== undefined) await clock.set(Math.max(ledger.clock, Date.now()));
  const cloud = await startCloud({
    port: 0,
    edgePort: 0,
    data: join(options.directory, 'data'),
    clock,
    load: () =>
      loadTemplate({
        root: projectRoot,
        env: { SLUICE_CONFIG: CONFIG },
        onPackaging: options.say,
      }),
  });
  const aside = new SoakCloud(cloud);
  try {
    await new Soak(options, ledger, { cloud, aside, clock }).run();
  } finally {
    await aside.clearFaults();
    aside.close();
    await cloud.close();
  }
}

/** The local cloud, what the soak asks of it, and its time. */
interface SoakPlace {
  /** The local cloud. */
  readonly cloud: Cloud;
  /** What the soak itself asks of the cloud, past the faults. */
  readonly aside: SoakCloud;
  /** The clock of the cloud, which the soak moves. */
  readonly clock: MovableClock;
}

/** One run of the soak test: its cloud, its clock and its ledger. */
class Soak {
  readonly #options: SoakOptions;
  readonly #ledger: Ledger;
  readonly #cloud: Cloud;
  readonly #aside: SoakCloud;
  readonly #clock: MovableClock;
  readonly #sender: Sender;
  readonly #startedAt = performance.now();
  /** Requests that SDKs keep, to send them again later. */
  #kept: SoakRequest[] = [];

  constructor(options: SoakOptions, ledger: Ledger, { cloud, aside, clock }: SoakPlace) {
    this.#options = options;
    this.#ledger = ledger;
    this.#cloud = cloud;
    this.#aside = aside;
    this.#clock = clock;
    this.#sender = new Sender(cloud.collector);
  }

  /** Runs the windows that are left, those of an earlier process first. */
  async run(): Promise<void> {
    const { events, say } = this.#options;
    const before = this.#ledger.sent;
    const report = ({ window, kind, beside }: SoakWindow) => {
      const seconds = (performance.now() - this.#startedAt) / 1_000;
      const { sent, planned } = this.#ledger;
      const name = beside === undefined ? kind : `${kind} + ${beside}`;
      say(
        `${planned} of ${events} events planned, ${sent} sent, ${Math.round((sent - before) / seconds)}/s; window ${window}: ${name}`,
      );
    };
    for (const window of this.#ledger.windows) {
      if (this.#ledger.hasEnded(window.window)) this.#kept.push(...this.#unsettled(window));
      else {
        // A process was killed in it: its faults are set again, and what is left of it is sent.
        await this.#runWindow(window);
        report(window);
      }
    }
    while (this.#ledger.planned < events) {
      const window = this.#drawWindow();
      await this.#runWindow(window);
      report(window);
    }
    await this.#recover();
    await this.#pass(NIGHTS_MINUTES);
    this.#ledger.notePartitions(await this.#aside.partitions());
    this.#ledger.note({ finished: true });
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
    const isDouble = window % BESIDE_EVERY === 0 && window >= kinds.length && kind !== 'none';
    const other = isDouble ? deck[(window + BESIDE_STEP) % deck.length] : undefined;
    const first = this.#ledger.planned;
    const most = Math.min(WINDOW_EVENTS, Math.ceil(events / kinds.length));
    const drawn = {
      window,
      kind,
      ...(other === undefined || other === 'none' ? {} : { beside: other }),
      first,
      count: Math.min(most, events - first),
      clock: this.#clock.now(),
    };
    this.#ledger.note(drawn);
    return drawn;
  }

  /** Sends the requests of a window under its faults, and then those that were kept. */
  async #runWindow(window: SoakWindow): Promise<void> {
    const kinds = faultKinds(this.#seedOf(window));
    const drawn = [window.kind, window.beside].flatMap((name) =>
      kinds.filter((faultKind) => faultKind.name === name),
    );
    const minutes = drawn[0]?.minutes ?? 10;
    await this.#aside.setFaults(drawn);
    const parts = requestsOf(window, this.#seedOf(window));
    for (const [part, requests] of parts.entries()) {
      const begun = this.#ledger.partsOf(window.window)[part];
      const time = begun ?? this.#clock.now();
      if (begun === undefined) this.#ledger.note({ part, of: window.window, clock: time });
      const left = requests
        .filter(({ first }) => !this.#ledger.isSettled(first))
        .map((request) => ({ ...request, time }));
      await Promise.all([
        this.#send(left),
        ...drawn
          .filter(({ foreignRecords }) => foreignRecords)
          .map(({ name }) => this.#aside.putForeign(name)),
      ]);
      await this.#noteMoment();
      await this.#pass(minutes / parts.length);
    }
    await this.#noteMoment();
    await this.#aside.clearFaults();
    await this.#pass(CALM_MINUTES);
    await this.#aside.discard();
    await this.#sendKept();
    this.#ledger.note({ ended: window.window, clock: this.#clock.now() });
  }

  /** Draws the requests of a window and the calls that its faults strike. */
  #seedOf({ window }: SoakWindow): number {
    return this.#options.seed * 1_009 + window;
  }

  /** Requests of a window that SDKs still held when the process ended: the same bodies. */
  #unsettled(window: SoakWindow): readonly SoakRequest[] {
    return requestsOf(window, this.#seedOf(window)).flatMap((requests, part) => {
      const time = this.#ledger.partsOf(window.window)[part] ?? window.clock;
      return requests
        .filter(({ first }) => !this.#ledger.isSettled(first))
        .map((request) => ({ ...request, time }));
    });
  }

  /** Sends again what had no answer, now without faults. */
  async #sendKept(): Promise<void> {
    const kept = this.#kept;
    this.#kept = [];
    await this.#send(kept);
  }

  /** Sends requests, and keeps those without an answer. */
  async #send(requests: readonly SoakRequest[]): Promise<void> {
    await this.#sender.sendAll(requests, (sent) => {
      this.#ledger.noteSent(sent);
      if (sent.outcome === 'unanswered') this.#kept.push(sent);
    });
  }

  /** Lets time pass, and the functions do in it what they have to. */
  async #pass(minutes: number): Promise<void> {
    for (let left = minutes; left > 0; ) {
      const isLong = minutes - left >= STEPS_UNTIL_MINUTES;
      const step = Math.min(isLong ? JUMP_MINUTES : STEP_MINUTES, left);
      const jump = isLong ? step - 1 : 0;
      if (jump > 0) {
        await this.#clock.set(this.#clock.now() + jump * MINUTE_MS);
        await this.#idle();
      }
      await this.#clock.advance((step - jump) * MINUTE_MS);
      await this.#idle();
      await this.#noteMoment();
      left -= step;
    }
  }

  /** Writes down the time and what struck. */
  async #noteMoment(): Promise<void> {
    const struck = await this.#aside.newStrikes();
    const clock = this.#clock.now();
    this.#ledger.note(Object.keys(struck).length === 0 ? { clock } : { clock, struck });
  }

  /**
   * Resolves when the queues have not changed for a while, as what is left in them waits for the clock then, and at the latest after
   * `IDLE_MS.most`. The clock must not run on while functions work, because leases and visibility timeouts go by it.
   */
  async #idle(): Promise<void> {
    const deadline = performance.now() + IDLE_MS.most;
    let before = '';
    let since = performance.now();
    while (performance.now() < deadline) {
      const queues = this.#cloud.status().queues.map(({ messages }) => messages);
      const now = queues.join();
      if (now !== before) since = performance.now();
      before = now;
      const waits = queues.some((messages) => messages > 0) ? IDLE_MS.waiting : IDLE_MS.empty;
      if (performance.now() - since >= waits) return;
      await wait(10);
    }
  }

  /** Time passes without faults until nothing waits: in the buffer, in the landing, and with SDKs. */
  async #recover(): Promise<void> {
    for (let hours = 0; ; hours += 0.5) {
      await this.#pass(30);
      await this.#sendKept();
      const buffered = this.#aside.bufferedRecords();
      await this.#aside.redrive();
      const landing = await this.#aside.waitingObjects();
      this.#options.say(
        `Recovering, ${hours} h: ${buffered} records buffered, ${landing} objects in the landing, ${this.#kept.length} requests kept.`,
      );
      if (buffered + landing + this.#kept.length === 0) break;
      if (hours >= RECOVERY_HOURS) throw new Error('Something still waits long after the last fault.');
    }
    await this.#cloud.flush();
  }
}
