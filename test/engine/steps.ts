import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { sum } from '../../lib/base/sum.ts';
import { DAY_MS, utcDay } from '../../lib/base/time.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { projectRoot } from '../../local/roots.ts';
import { SIMULATOR_VARIABLE } from '../../packages/local-aws/test/witness/iam/simulator.ts';
import { byDuckDb } from '../harness/dropWriters.ts';
import { askAll } from './askAll.ts';
import { ACCOUNT, type Engine, REGION } from './Engine.ts';
import { judgeCalls } from './judgeCalls.ts';
import { leftoverProblems, listNames, runPage, STAYS } from './leftovers.ts';
import {
  BUCKET,
  CUSTOMER,
  changes,
  DROPS,
  deploymentProblems,
  lostResources,
  STACK,
  STAGE,
  Stack,
  settings,
  WAREHOUSE,
} from './Stack.ts';
import { Store, until } from './Store.ts';
import { runTrial } from './trial.ts';

/** LocalStack on a busy machine: the writer's batches are of 20 s, the registrar's of 10. */
const WRITTEN_MS = 300_000;
/** A plan, a load or a curation, with the batching of their queues. */
const WORK_MS = 300_000;
const SEND_MS = 300_000;
const END_MS = 60_000;
const KEY = 'engine';
const DATABASE = 'sluice';

/** Answers of a machine that does ten other things: the collector's deadline, the client's, an SDK's. */
const TOO_SLOW = /^503\b|^no response within|^the SDK has sent nothing$/;

/** Tells a finding: what was looked at, and what is wrong with it, or nothing. */
type Tell = (what: string, wrong: string) => void;

/** A run with the product on the engine. Its steps share what was sent and deployed. */
class EngineRun {
  readonly #engine: Engine;
  readonly #folder: string;
  readonly #tell: Tell;
  readonly #stack: Stack;
  readonly #store: Store;
  readonly #customer: Store;
  /** Values of the events that were accepted. */
  readonly #accepted = new Set<string>();
  /** Of the deployment that was looked at last. */
  #keyArn = '';
  /** How many calls of functions the simulator was asked for. */
  #judged = 0;
  /** Of all days that are named: the run may go past midnight. */
  readonly #startedAt = Date.now();

  constructor(engine: Engine, folder: string, tell: Tell) {
    this.#engine = engine;
    this.#folder = folder;
    this.#tell = tell;
    this.#stack = new Stack(engine, folder);
    this.#store = new Store(engine, folder);
    this.#customer = new Store(engine, folder, CUSTOMER);
  }

  /** What is done with the product, in this order: a name, and what is done. */
  steps(): readonly (readonly [string, () => Promise<void>])[] {
    return [
      ['End', () => this.#end()],
      ['Ask', () => askAll(this.#engine, this.#folder, this.#tell)],
      ['Deploy', () => this.#firstDeployment()],
      ['Send', () => this.#events()],
      ['Load, export, curate', () => this.#days()],
      ['Faults', () => this.#faults()],
      ['Update', () => this.#update()],
      ['Trial', () => this.#trial()],
      ['Ask IAM', () => this.#judge()],
      ['Remove', () => this.#remove()],
      ['Deploy again', () => this.#redeploy()],
      ['Delete what stays', () => this.#clear()],
    ];
  }

  /** Waits until nothing is in landing/, and compares the rows with what was accepted. */
  async #account(what: string): Promise<void> {
    const waiting = await until(
      () => this.#store.keys(BUCKET, 'landing/'),
      (keys) => keys.length === 0,
      WRITTEN_MS,
    );
    this.#tell('landing/ is empty', waiting.join('\n'));
    const counted = await this.#store.query(
      BUCKET,
      await this.#store.forwarded('events'),
      `SELECT event_value AS value, count(DISTINCT event_id) AS ids, count(*) AS n FROM rows GROUP BY 1`,
    );
    const ids = new Map(counted.map((row) => [row['value'], row['ids']]));
    const lost = [...this.#accepted].filter((value) => ids.get(value) !== '1');
    const foreign = counted.filter(({ value }) => !this.#accepted.has(value ?? ''));
    const written = sum(counted.map(({ n }) => Number(n)));
    this.#tell(
      `${what}: each of ${this.#accepted.size} events is a row, once by its ID (${written} rows)`,
      [
        ...lost.map((value) => `${value}: ${ids.get(value) ?? 0} IDs`),
        ...foreign.map(({ value }) => `${value} was not sent`),
      ]
        .slice(0, 10)
        .join('\n'),
    );
  }

  async #deploy(what: string, config: Partial<ConfigInput>): Promise<void> {
    this.#stack.configure(config);
    const { status, output } = await this.#stack.serverless('deploy');
    this.#tell(`${what}: serverless ends with 0`, status === 0 ? '' : output);
    await this.#look(what);
  }

  async #look(what: string): Promise<void> {
    const { CollectorUrl = '', KeyArn = '' } = await this.#stack.outputs();
    this.#engine.pointAt(CollectorUrl);
    this.#keyArn = KeyArn;
    const problems = deploymentProblems(await this.#stack.events());
    this.#tell(`${what}: nothing fails, and nothing else is skipped`, problems.join('\n'));
  }

  async #addKeys(): Promise<void> {
    for (const kind of ['client', 'secret']) {
      const command = `printf %s ${kind}-${KEY} | '${process.execPath}' '${join(projectRoot, 'cli', 'sluice.mjs')}' keys add ${kind} --stage ${STAGE} --region ${REGION}`;
      const { status, output } = await this.#stack.run('bash', ['-c', command]);
      this.#tell(`sluice keys adds the ${kind} key to the secret`, status === 0 ? '' : output);
    }
  }

  /** Posts one body. Whether it was accepted. */
  async #send(events: readonly object[]): Promise<boolean> {
    const { status } = await fetch(`${this.#engine.collector}/v1/engine`, {
      method: 'POST',
      headers: { 'statsig-api-key': `secret-${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events, statsigMetadata: { sdkType: 'engine', sdkVersion: '1' } }),
      signal: AbortSignal.timeout(60_000),
    }).catch(() => ({ status: 0 }));
    return status === 202;
  }

  /** Posts one body of events, again if it is not accepted, as SDKs do. Whether it was accepted. */
  async #post(values: readonly string[], time = Date.now(), tries = 5): Promise<boolean> {
    const events = values.map((value) => ({ eventName: 'engine', value, time, user: { userID: 'ada' } }));
    const isAccepted = await this.#send(events);
    if (isAccepted) for (const value of values) this.#accepted.add(value);
    if (isAccepted || tries === 1) return isAccepted;
    await setTimeout(1_000);
    return this.#post(values, time, tries - 1);
  }

  async #sendBySdks(prefix: string, each: number): Promise<void> {
    const script = join(import.meta.dirname, 'send.ts');
    const args = [script, this.#engine.collector, KEY, String(each), prefix];
    // SDKs report to Statsig when something is wrong with them.
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' };
    const { status, output } = await this.#engine.run(process.execPath, args, { timeoutMs: SEND_MS, env });
    // With an exposure.
    const isSent = status === 0 && output.includes(`{"js":${each + 1},"core":`);
    this.#tell(
      `js-client in Node and Server Core send ${2 * each} events and an exposure each to the Function URL`,
      isSent ? '' : output,
    );
    for (let i = 0; i < each; i += 1) this.#accepted.add(`${prefix}js-${i}`).add(`${prefix}core-${i}`);
  }

  /** The pipe ends as it does when whoever holds it is killed. */
  async #end(): Promise<void> {
    const sleeper = `require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })`;
    const child = this.#engine.start(process.execPath, [
      '-e',
      `console.log(${sleeper}.pid); setInterval(() => {}, 1e6)`,
    ]);
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once('data', (text) => resolve(Number(text))),
    );
    child.stdin.end();
    const isOver = await until(async () => !isRunning(pid), Boolean, END_MS);
    this.#tell('a run that is ended from outside leaves no process', isOver ? '' : `${pid} still runs`);
  }

  async #firstDeployment(): Promise<void> {
    await this.#customer.createBucket(DROPS);
    await this.#customer.createBucket(WAREHOUSE);
    await this.#deploy('the first deployment', settings);
    await this.#addKeys();
    await this.#letIn('ingest-source', DROPS);
    await this.#letIn('export-target', WAREHOUSE);
  }

  /** The customer sets the policy that `sluice policy` prints for its bucket. LocalStack ignores it; the simulator does not. */
  async #letIn(target: string, bucket: string): Promise<void> {
    const sluice = join(projectRoot, 'cli', 'sluice.mjs');
    const options = ['--for', target, '--stage', STAGE, '--account', ACCOUNT, '--json'];
    const { status, stdout, output } = await this.#stack.run(process.execPath, [
      sluice,
      'policy',
      'print',
      ...options,
    ]);
    this.#tell(`sluice policy prints what ${bucket} needs`, status === 0 ? '' : output);
    const { bucketPolicy } = z.object({ bucketPolicy: z.looseObject({}) }).parse(JSON.parse(stdout));
    await this.#customer.putPolicy(bucket, JSON.stringify(bucketPolicy));
  }

  /** Until now. What was made by then has to be there. */
  async #judge(): Promise<void> {
    if (process.env[SIMULATOR_VARIABLE] === undefined) return;
    const { calls, functions, refused } = await judgeCalls(this.#engine, this.#folder, this.#judged);
    this.#judged += calls;
    const named = [...functions].map((name) => name.replace(`${STACK}-`, '')).sort();
    this.#tell(`the simulator of IAM allows each of ${calls} calls of ${named.join(', ')}`, refused);
  }

  async #events(): Promise<void> {
    const day = utcDay(Date.now());
    await this.#sendBySdks('first-', 500);
    await this.#account('the SDKs');
    // An event without a name is refused, and kept.
    this.#tell(
      'a body with a refused event is accepted',
      (await this.#send([{ time: Date.now() }])) ? '' : 'it is not',
    );
    const folders = {
      statsig_forwarded_exposures: 'statsig/statsig_forwarded_exposures/statsig_forwarded_exposures',
      statsig_forwarded_events: 'statsig/statsig_forwarded_events/statsig_forwarded_events',
      quarantine: 'quarantine',
    };
    for (const [table, folder] of Object.entries(folders)) {
      const found = await until(
        () => this.#store.partitions(DATABASE, table),
        (days) => days.has(day),
        WRITTEN_MS,
      );
      const given = found.get(day)?.replace(/\/$/, '') ?? 'no partition';
      const isThere = given === `s3://${BUCKET}/${folder}/${day}`;
      this.#tell(`today's partition of ${table} is in Glue with its location`, isThere ? '' : given);
    }
    const sdks = await this.#store.query(
      BUCKET,
      await this.#store.forwarded('exposures'),
      'SELECT sdk_type AS sdk, count(DISTINCT event_id) AS n FROM rows GROUP BY 1',
    );
    const isEach = sdks.length === 2 && sdks.every(({ n }) => n === '1');
    this.#tell('each SDK has its exposure', isEach ? '' : JSON.stringify(sdks));
  }

  /** A day of a customer's, and one of ours: loaded, exported, curated. */
  async #days(): Promise<void> {
    const good = utcDay(this.#startedAt - DAY_MS);
    const bad = utcDay(this.#startedAt - 2 * DAY_MS);
    const past = this.#startedAt - 3 * DAY_MS;
    const orders = Array.from({ length: 50 }, (_, i) => ({
      at: this.#startedAt - DAY_MS,
      action: `order-${i}`,
      uid: `u${i}`,
    }));
    await this.#customer.put(
      DROPS,
      `orders/${good}/part-0.parquet`,
      await byDuckDb({ at: 'instant', action: 'text', uid: 'text' }, orders),
    );
    await this.#customer.put(DROPS, `orders/${bad}/broken.parquet`, 'this is no Parquet file');
    await this.#engine.runSchedule(`${STACK}-ingest-daily`);
    // The same body twice, as an SDK sends it that has not seen the answer.
    const values = Array.from({ length: 100 }, (_, i) => `past-${i}`);
    const answers = [await this.#post(values, past), await this.#post(values, past)];
    this.#tell(
      'a body of an earlier day is this.#accepted twice',
      answers.every(Boolean) ? '' : String(answers),
    );
    await this.#account('the same body twice');
    await this.#engine.runSchedule(`${STACK}-curate-days`);

    const loaded = await until(
      () => this.#store.partitions(DATABASE, 'acme_orders'),
      (found) => found.has(good),
      WORK_MS,
    );
    const rows = await this.#rowsAt(loaded.get(good), 'SELECT event_name AS name FROM rows');
    this.#tell(
      "the customer's day is loaded, each row once",
      new Set(rows.map(({ name }) => name)).size === 50 && rows.length === 50 ? '' : `${rows.length} rows`,
    );
    const entry = await until(
      () => this.#ledgerOf(bad),
      (text) => text.includes('"failure"'),
      WORK_MS,
    );
    const isRefused = /"code":"SLUICE_\w+"/.test(entry) && entry.includes('broken.parquet');
    this.#tell('a wrong file is refused by name', isRefused && !loaded.has(bad) ? '' : entry);

    await this.#engine.runSchedule(`${STACK}-export-daily`);
    const exported = await until(
      () => this.#customer.keys(WAREHOUSE, `orders/${good}/`),
      (keys) => keys.some((key) => key.endsWith('.parquet')),
      WORK_MS,
    );
    const copies = await this.#customer.query(WAREHOUSE, exported, 'SELECT count(*) AS n FROM rows');
    this.#tell(
      "the day is in the customer's other bucket",
      copies[0]?.['n'] === '50' ? '' : exported.join('\n'),
    );

    const day = utcDay(past);
    const curated = await until(
      () => this.#store.partitions(DATABASE, 'curated_events'),
      (found) => found.has(day),
      WORK_MS,
    );
    const events = await this.#rowsAt(curated.get(day), 'SELECT event_value AS value FROM rows');
    this.#tell(
      'the curated day has each event once',
      events.length === 100 && new Set(events.map(({ value }) => value)).size === 100
        ? ''
        : `${events.length} rows in ${curated.get(day)}`,
    );
  }

  async #faults(): Promise<void> {
    await this.#engine.setFaults({ hang: 2, late: 1, twice: 3, killAfterPut: 1, killBeforeDelete: 1 });
    const answers: boolean[] = [];
    const postNext = async () => {
      const request = answers.length;
      answers.push(await this.#post([0, 1, 2, 3, 4].map((j) => `fault-${request}-${j}`)));
    };
    while (answers.length < 30) await postNext();
    // The collector passes a stream by whose calls hang, and asks it again after a pause: until then no call can be late.
    await until(
      async () => {
        await postNext();
        return this.#engine.faults();
      },
      ({ left }) => left['hang'] === 0 && left['late'] === 0,
      WORK_MS,
    );
    this.#tell(
      'a Firehose that hangs or is late costs no request',
      answers.every(Boolean) ? '' : String(answers),
    );
    await this.#account('under faults');
    const { left, happened } = await until(
      () => this.#engine.faults(),
      (found) => Object.values(found.left).every((count) => count === 0),
      WORK_MS,
    );
    const isOver = Object.values(left).every((count) => count === 0) && happened.killed >= 2;
    this.#tell(
      `each fault has happened: ${JSON.stringify(happened)}`,
      isOver ? '' : `left: ${JSON.stringify(left)}`,
    );
    await this.#account('after the faults');
  }

  async #update(): Promise<void> {
    const before = await this.#stack.resources();
    const count = (await this.#stack.events()).length;
    let isOver = false;
    let sent = 0;
    let refused = 0;
    const traffic = [1, 2].map(async (worker) => {
      for (; !isOver; sent += 1) {
        if (!(await this.#post([`update-${worker}-${sent}`]))) refused += 1;
        await setTimeout(250);
      }
    });
    try {
      await this.#deploy('an update', { ...settings, ...changes });
    } finally {
      isOver = true;
      await Promise.all(traffic);
    }
    this.#tell(
      `${sent} requests came meanwhile, and most were accepted`,
      refused < sent / 10 ? '' : `${refused} were refused`,
    );
    await this.#account('during the update');
    const lost = lostResources((await this.#stack.events()).slice(count));
    this.#tell('nothing that holds data is deleted or replaced', lost.join('\n'));
    const after = await this.#stack.resources();
    const moved = [...before].filter(([id, physical]) => after.has(id) && after.get(id) !== physical);
    this.#tell('no resource has another physical ID', moved.join('\n'));
    await this.#sendBySdks('second-', 20);
    await this.#account('after the update');
    const units = await this.#store.query(
      BUCKET,
      await this.#store.forwarded('events'),
      `SELECT count(company_id) AS n FROM rows WHERE event_value LIKE 'second-core-%'`,
    );
    this.#tell('the new unit ID is a column', units[0]?.['n'] === '20' ? '' : JSON.stringify(units));
  }

  /** A trial beside the stage, and one that is interrupted after it has deployed. */
  async #trial(): Promise<void> {
    const before = await listNames(this.#stack);
    const { status, stdout, stderr } = await runTrial(this.#engine, this.#folder);
    const { answers } = z
      .object({ answers: z.array(z.object({ code: z.string(), verdict: z.string(), found: z.string() })) })
      .parse(JSON.parse(stdout));
    const by = (wanted: string) =>
      answers.filter(({ verdict }) => verdict === wanted).map(({ code }) => code);
    // LocalStack answers preflights itself, and not by the settings of the Function URL. It judges no policy of a bucket.
    const known = ['SLUICE_PROBE_PREFLIGHT', 'SLUICE_PROBE_ENCRYPTION'];
    const others = answers.filter(
      ({ verdict, code, found }) => verdict === 'otherwise' && !known.includes(code) && !TOO_SLOW.test(found),
    );
    const isKnown = status === 3 && others.length === 0;
    this.#tell('sluice trial finds nothing else otherwise', isKnown ? '' : `${status}\n${stderr}\n${stdout}`);
    const expected = by('expected');
    this.#tell(`as expected: ${expected.join(', ')}`, expected.includes('SLUICE_PROBE_DROP') ? '' : stdout);
    const removed = await listNames(this.#stack);
    this.#tell('it leaves nothing, and the stage as it was', different(before, removed));
    const interrupted = await runTrial(this.#engine, this.#folder, /deploy .* of about/);
    this.#tell('interrupted, it ends with 130', interrupted.status === 130 ? '' : interrupted.stderr);
    this.#tell('it leaves nothing then, too', different(before, await listNames(this.#stack)));
  }

  async #remove(): Promise<void> {
    const { status, output } = await this.#stack.serverless('remove');
    this.#tell('serverless remove ends with 0', status === 0 ? '' : output);
    this.#tell(
      'what docs/remove.md says stays, and nothing else',
      await leftoverProblems(this.#stack, STAYS),
    );
  }

  /** As the page says: what stayed is taken over, except the secret and the tables, which are deleted first. */
  async #redeploy(): Promise<void> {
    this.#tell(
      'the page keeps the keys and deletes the tables',
      await runPage(this.#stack, 'get-secret-value'),
    );
    const existing = { bucket: true, keyArn: this.#keyArn, database: true, stagingDatabase: true };
    this.#stack.configure({ ...settings, ...changes, existing });
    this.#tell('the page deploys and puts the keys back', await runPage(this.#stack, 'put-secret-value'));
    await this.#look('the deployment by the page');
    await this.#sendBySdks('third-', 20);
    await this.#engine.runSchedule(`${STACK}-daily`);
    await this.#account('after remove and deploy');
    const day = utcDay(this.#startedAt - 3 * DAY_MS);
    const found = await until(
      () => this.#store.partitions(DATABASE, 'statsig_forwarded_events'),
      (days) => days.has(day),
      WORK_MS,
    );
    this.#tell('days of before are registered again', found.has(day) ? '' : [...found.keys()].join(' '));
  }

  /** The page's commands, while the stack is there and when it is removed, beside a table of another stage. */
  async #clear(): Promise<void> {
    const files = await this.#store.keys(BUCKET, '');
    await this.#store.createTable(DATABASE, 'of_another_stage');
    const early = await runPage(this.#stack, 'delete-delivery-stream');
    const kept = await this.#store.keys(BUCKET, '');
    this.#tell(
      "the page's commands delete nothing of a this.#stack that is deployed",
      early || (kept.length < files.length ? `${files.length - kept.length} files are gone` : ''),
    );
    await this.#judge();
    const { status, output } = await this.#stack.serverless('remove');
    this.#tell('serverless remove ends with 0 again', status === 0 ? '' : output);
    // The redeployment has deleted the first secret, which is listed, too.
    this.#tell(
      "the page's commands delete what stayed",
      await runPage(this.#stack, 'delete-delivery-stream', '-c'),
    );
    const left = await leftoverProblems(this.#stack, { 'Glue::Database': 1, 'Glue::Table': 1 });
    const tables = (await this.#store.tables(DATABASE)).join();
    this.#tell(
      'nothing is left but the table of another stage',
      left || (tables === 'of_another_stage' ? '' : tables),
    );
  }

  /** Rows of a partition. */
  async #rowsAt(location: string | undefined, sql: string) {
    const prefix = location?.slice(`s3://${BUCKET}/`.length);
    return prefix === undefined ? [] : this.#store.query(BUCKET, await this.#store.keys(BUCKET, prefix), sql);
  }

  async #ledgerOf(day: string): Promise<string> {
    const key = `ledger/acme/orders/${day}.json`;
    const [found] = await this.#store.keys(BUCKET, key);
    return found === undefined ? '' : Buffer.from(await this.#store.bytes(BUCKET, key)).toString();
  }
}

/** The steps of a run in a folder of its own, which tells what it finds. */
export const steps = (engine: Engine, folder: string, tell: Tell) =>
  new EngineRun(engine, folder, tell).steps();

/** Whether there is such a process. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What is in one list and not in the other. */
function different(
  before: Awaited<ReturnType<typeof listNames>>,
  after: Awaited<ReturnType<typeof listNames>>,
): string {
  return [...after]
    .flatMap(([type, names]) => [
      ...names
        .filter((name) => before.get(type)?.includes(name) !== true)
        .map((name) => `left: ${type} ${name}`),
      ...(before.get(type) ?? [])
        .filter((name) => !names.includes(name))
        .map((name) => `gone: ${type} ${name}`),
    ])
    .join('\n');
}
