import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { utcDay } from '../../lib/base/time.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
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

const DAY_MS = 86_400_000;
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

/** What is done with the product, in this order: a name, and what is done. */
export function steps(
  engine: Engine,
  folder: string,
  tell: Tell,
): readonly (readonly [string, () => Promise<void>])[] {
  const stack = new Stack(engine, folder);
  const store = new Store(engine, folder);
  const customer = new Store(engine, folder, CUSTOMER);
  /** Values of the events that were accepted. */
  const accepted = new Set<string>();
  let keyArn = '';
  /** How many calls of functions the simulator was asked for. */
  let judged = 0;
  /** Of all days that are named: the run may go past midnight. */
  const startedAt = Date.now();

  /** Waits until nothing is in landing/, and compares the rows with what was accepted. */
  async function account(what: string): Promise<void> {
    const waiting = await until(
      () => store.keys(BUCKET, 'landing/'),
      (keys) => keys.length === 0,
      WRITTEN_MS,
    );
    tell('landing/ is empty', waiting.join('\n'));
    const counted = await store.query(
      BUCKET,
      await store.forwarded('events'),
      `SELECT event_value AS value, count(DISTINCT event_id) AS ids, count(*) AS n FROM rows GROUP BY 1`,
    );
    const ids = new Map(counted.map((row) => [row['value'], row['ids']]));
    const lost = [...accepted].filter((value) => ids.get(value) !== '1');
    const foreign = counted.filter(({ value }) => !accepted.has(value ?? ''));
    const written = counted.reduce((sum, { n }) => sum + Number(n), 0);
    tell(
      `${what}: each of ${accepted.size} events is a row, once by its ID (${written} rows)`,
      [
        ...lost.map((value) => `${value}: ${ids.get(value) ?? 0} IDs`),
        ...foreign.map(({ value }) => `${value} was not sent`),
      ]
        .slice(0, 10)
        .join('\n'),
    );
  }

  async function deploy(what: string, config: Partial<ConfigInput>): Promise<void> {
    stack.configure(config);
    const { status, output } = await stack.serverless('deploy');
    tell(`${what}: serverless ends with 0`, status === 0 ? '' : output);
    await look(what);
  }

  async function look(what: string): Promise<void> {
    const { CollectorUrl = '', KeyArn = '' } = await stack.outputs();
    engine.pointAt(CollectorUrl);
    keyArn = KeyArn;
    const problems = deploymentProblems(await stack.events());
    tell(`${what}: nothing fails, and nothing else is skipped`, problems.join('\n'));
  }

  async function addKeys(): Promise<void> {
    for (const kind of ['client', 'secret']) {
      const command = `printf %s ${kind}-${KEY} | '${process.execPath}' '${join(repositoryRoot, 'cli', 'sluice.mjs')}' keys add ${kind} --stage ${STAGE} --region ${REGION}`;
      const { status, output } = await stack.run('bash', ['-c', command]);
      tell(`sluice keys adds the ${kind} key to the secret`, status === 0 ? '' : output);
    }
  }

  /** Posts one body. Whether it was accepted. */
  async function send(events: readonly object[]): Promise<boolean> {
    const { status } = await fetch(`${engine.collector}/v1/engine`, {
      method: 'POST',
      headers: { 'statsig-api-key': `secret-${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events, statsigMetadata: { sdkType: 'engine', sdkVersion: '1' } }),
      signal: AbortSignal.timeout(60_000),
    }).catch(() => ({ status: 0 }));
    return status === 202;
  }

  /** Posts one body of events, again if it is not accepted, as SDKs do. Whether it was accepted. */
  async function post(values: readonly string[], time = Date.now(), tries = 5): Promise<boolean> {
    const events = values.map((value) => ({ eventName: 'engine', value, time, user: { userID: 'ada' } }));
    const isAccepted = await send(events);
    if (isAccepted) for (const value of values) accepted.add(value);
    if (isAccepted || tries === 1) return isAccepted;
    await setTimeout(1_000);
    return post(values, time, tries - 1);
  }

  async function sendBySdks(prefix: string, each: number): Promise<void> {
    const script = join(import.meta.dirname, 'send.ts');
    const args = [script, engine.collector, KEY, String(each), prefix];
    // SDKs report to Statsig when something is wrong with them.
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' };
    const { status, output } = await engine.run(process.execPath, args, { timeoutMs: SEND_MS, env });
    // With an exposure.
    const isSent = status === 0 && output.includes(`{"js":${each + 1},"core":`);
    tell(
      `js-client in Node and Server Core send ${2 * each} events and an exposure each to the Function URL`,
      isSent ? '' : output,
    );
    for (let i = 0; i < each; i += 1) accepted.add(`${prefix}js-${i}`).add(`${prefix}core-${i}`);
  }

  /** The pipe ends as it does when whoever holds it is killed. */
  async function end(): Promise<void> {
    const sleeper = `require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })`;
    const child = engine.start(process.execPath, [
      '-e',
      `console.log(${sleeper}.pid); setInterval(() => {}, 1e6)`,
    ]);
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once('data', (text) => resolve(Number(text))),
    );
    child.stdin.end();
    const isOver = await until(async () => !isRunning(pid), Boolean, END_MS);
    tell('a run that is ended from outside leaves no process', isOver ? '' : `${pid} still runs`);
  }

  async function firstDeployment(): Promise<void> {
    await customer.createBucket(DROPS);
    await customer.createBucket(WAREHOUSE);
    await deploy('the first deployment', settings);
    await addKeys();
    await letIn('ingest-source', DROPS);
    await letIn('export-target', WAREHOUSE);
  }

  /** The customer sets the policy that `sluice policy` prints for its bucket. LocalStack ignores it; the simulator does not. */
  async function letIn(target: string, bucket: string): Promise<void> {
    const sluice = join(repositoryRoot, 'cli', 'sluice.mjs');
    const options = ['--for', target, '--stage', STAGE, '--account', ACCOUNT, '--json'];
    const { status, stdout, output } = await stack.run(process.execPath, [
      sluice,
      'policy',
      'print',
      ...options,
    ]);
    tell(`sluice policy prints what ${bucket} needs`, status === 0 ? '' : output);
    const { bucketPolicy } = z.object({ bucketPolicy: z.looseObject({}) }).parse(JSON.parse(stdout));
    await customer.putPolicy(bucket, JSON.stringify(bucketPolicy));
  }

  /** Until now. What was made by then has to be there. */
  async function judge(): Promise<void> {
    if (process.env[SIMULATOR_VARIABLE] === undefined) return;
    const { calls, functions, refused } = await judgeCalls(engine, folder, judged);
    judged += calls;
    const named = [...functions].map((name) => name.replace(`${STACK}-`, '')).sort();
    tell(`the simulator of IAM allows each of ${calls} calls of ${named.join(', ')}`, refused);
  }

  async function events(): Promise<void> {
    const day = utcDay(Date.now());
    await sendBySdks('first-', 500);
    await account('the SDKs');
    // An event without a name is refused, and kept.
    tell('a body with a refused event is accepted', (await send([{ time: Date.now() }])) ? '' : 'it is not');
    const folders = {
      statsig_forwarded_exposures: 'statsig/statsig_forwarded_exposures/statsig_forwarded_exposures',
      statsig_forwarded_events: 'statsig/statsig_forwarded_events/statsig_forwarded_events',
      quarantine: 'quarantine',
    };
    for (const [table, folder] of Object.entries(folders)) {
      const found = await until(
        () => store.partitions(DATABASE, table),
        (days) => days.has(day),
        WRITTEN_MS,
      );
      const given = found.get(day)?.replace(/\/$/, '') ?? 'no partition';
      const isThere = given === `s3://${BUCKET}/${folder}/${day}`;
      tell(`today's partition of ${table} is in Glue with its location`, isThere ? '' : given);
    }
    const sdks = await store.query(
      BUCKET,
      await store.forwarded('exposures'),
      'SELECT sdk_type AS sdk, count(DISTINCT event_id) AS n FROM rows GROUP BY 1',
    );
    const isEach = sdks.length === 2 && sdks.every(({ n }) => n === '1');
    tell('each SDK has its exposure', isEach ? '' : JSON.stringify(sdks));
  }

  /** A day of a customer's, and one of ours: loaded, exported, curated. */
  async function days(): Promise<void> {
    const good = utcDay(startedAt - DAY_MS);
    const bad = utcDay(startedAt - 2 * DAY_MS);
    const past = startedAt - 3 * DAY_MS;
    const orders = Array.from({ length: 50 }, (_, i) => ({
      at: startedAt - DAY_MS,
      action: `order-${i}`,
      uid: `u${i}`,
    }));
    await customer.put(
      DROPS,
      `orders/${good}/part-0.parquet`,
      await byDuckDb({ at: 'instant', action: 'text', uid: 'text' }, orders),
    );
    await customer.put(DROPS, `orders/${bad}/broken.parquet`, 'this is no Parquet file');
    await engine.runSchedule(`${STACK}-ingest-daily`);
    // The same body twice, as an SDK sends it that has not seen the answer.
    const values = Array.from({ length: 100 }, (_, i) => `past-${i}`);
    const answers = [await post(values, past), await post(values, past)];
    tell('a body of an earlier day is accepted twice', answers.every(Boolean) ? '' : String(answers));
    await account('the same body twice');
    await engine.runSchedule(`${STACK}-curate-days`);

    const loaded = await until(
      () => store.partitions(DATABASE, 'acme_orders'),
      (found) => found.has(good),
      WORK_MS,
    );
    const rows = await rowsAt(loaded.get(good), 'SELECT event_name AS name FROM rows');
    tell(
      "the customer's day is loaded, each row once",
      new Set(rows.map(({ name }) => name)).size === 50 && rows.length === 50 ? '' : `${rows.length} rows`,
    );
    const entry = await until(
      () => ledgerOf(bad),
      (text) => text.includes('"failure"'),
      WORK_MS,
    );
    const isRefused = /"code":"SLUICE_\w+"/.test(entry) && entry.includes('broken.parquet');
    tell('a wrong file is refused by name', isRefused && !loaded.has(bad) ? '' : entry);

    await engine.runSchedule(`${STACK}-export-daily`);
    const exported = await until(
      () => customer.keys(WAREHOUSE, `orders/${good}/`),
      (keys) => keys.some((key) => key.endsWith('.parquet')),
      WORK_MS,
    );
    const copies = await customer.query(WAREHOUSE, exported, 'SELECT count(*) AS n FROM rows');
    tell("the day is in the customer's other bucket", copies[0]?.['n'] === '50' ? '' : exported.join('\n'));

    const day = utcDay(past);
    const curated = await until(
      () => store.partitions(DATABASE, 'curated_events'),
      (found) => found.has(day),
      WORK_MS,
    );
    const events = await rowsAt(curated.get(day), 'SELECT event_value AS value FROM rows');
    tell(
      'the curated day has each event once',
      events.length === 100 && new Set(events.map(({ value }) => value)).size === 100
        ? ''
        : `${events.length} rows in ${curated.get(day)}`,
    );
  }

  async function faults(): Promise<void> {
    await engine.setFaults({ hang: 2, late: 1, twice: 3, killAfterPut: 1, killBeforeDelete: 1 });
    const answers: boolean[] = [];
    const postNext = async () => {
      const request = answers.length;
      answers.push(await post([0, 1, 2, 3, 4].map((j) => `fault-${request}-${j}`)));
    };
    while (answers.length < 30) await postNext();
    // The collector passes a stream by whose calls hang, and asks it again after a pause: until then no call can be late.
    await until(
      async () => {
        await postNext();
        return engine.faults();
      },
      ({ left }) => left['hang'] === 0 && left['late'] === 0,
      WORK_MS,
    );
    tell('a Firehose that hangs or is late costs no request', answers.every(Boolean) ? '' : String(answers));
    await account('under faults');
    const { left, happened } = await until(
      () => engine.faults(),
      (found) => Object.values(found.left).every((count) => count === 0),
      WORK_MS,
    );
    const isOver = Object.values(left).every((count) => count === 0) && happened.killed >= 2;
    tell(
      `each fault has happened: ${JSON.stringify(happened)}`,
      isOver ? '' : `left: ${JSON.stringify(left)}`,
    );
    await account('after the faults');
  }

  async function update(): Promise<void> {
    const before = await stack.resources();
    const count = (await stack.events()).length;
    let isOver = false;
    let sent = 0;
    let refused = 0;
    const traffic = [1, 2].map(async (worker) => {
      for (; !isOver; sent += 1) {
        if (!(await post([`update-${worker}-${sent}`]))) refused += 1;
        await setTimeout(250);
      }
    });
    try {
      await deploy('an update', { ...settings, ...changes });
    } finally {
      isOver = true;
      await Promise.all(traffic);
    }
    tell(
      `${sent} requests came meanwhile, and most were accepted`,
      refused < sent / 10 ? '' : `${refused} were refused`,
    );
    await account('during the update');
    const lost = lostResources((await stack.events()).slice(count));
    tell('nothing that holds data is deleted or replaced', lost.join('\n'));
    const after = await stack.resources();
    const moved = [...before].filter(([id, physical]) => after.has(id) && after.get(id) !== physical);
    tell('no resource has another physical ID', moved.join('\n'));
    await sendBySdks('second-', 20);
    await account('after the update');
    const units = await store.query(
      BUCKET,
      await store.forwarded('events'),
      `SELECT count(company_id) AS n FROM rows WHERE event_value LIKE 'second-core-%'`,
    );
    tell('the new unit ID is a column', units[0]?.['n'] === '20' ? '' : JSON.stringify(units));
  }

  /** A trial beside the stage, and one that is interrupted after it has deployed. */
  async function trial(): Promise<void> {
    const before = await listNames(stack);
    const { status, stdout, stderr } = await runTrial(engine, folder);
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
    tell('sluice trial finds nothing else otherwise', isKnown ? '' : `${status}\n${stderr}\n${stdout}`);
    const expected = by('expected');
    tell(`as expected: ${expected.join(', ')}`, expected.includes('SLUICE_PROBE_DROP') ? '' : stdout);
    const removed = await listNames(stack);
    tell('it leaves nothing, and the stage as it was', different(before, removed));
    const interrupted = await runTrial(engine, folder, /deploy .* of about/);
    tell('interrupted, it ends with 130', interrupted.status === 130 ? '' : interrupted.stderr);
    tell('it leaves nothing then, too', different(before, await listNames(stack)));
  }

  async function remove(): Promise<void> {
    const { status, output } = await stack.serverless('remove');
    tell('serverless remove ends with 0', status === 0 ? '' : output);
    tell('what docs/remove.md says stays, and nothing else', await leftoverProblems(stack, STAYS));
  }

  /** As the page says: what stayed is taken over, except the secret and the tables, which are deleted first. */
  async function redeploy(): Promise<void> {
    tell('the page keeps the keys and deletes the tables', await runPage(stack, 'get-secret-value'));
    const existing = { bucket: true, keyArn, database: true, stagingDatabase: true };
    stack.configure({ ...settings, ...changes, existing });
    tell('the page deploys and puts the keys back', await runPage(stack, 'put-secret-value'));
    await look('the deployment by the page');
    await sendBySdks('third-', 20);
    await engine.runSchedule(`${STACK}-daily`);
    await account('after remove and deploy');
    const day = utcDay(startedAt - 3 * DAY_MS);
    const found = await until(
      () => store.partitions(DATABASE, 'statsig_forwarded_events'),
      (days) => days.has(day),
      WORK_MS,
    );
    tell('days of before are registered again', found.has(day) ? '' : [...found.keys()].join(' '));
  }

  /** The page's commands, while the stack is there and when it is removed, beside a table of another stage. */
  async function clear(): Promise<void> {
    const files = await store.keys(BUCKET, '');
    await store.createTable(DATABASE, 'of_another_stage');
    const early = await runPage(stack, 'delete-delivery-stream');
    const kept = await store.keys(BUCKET, '');
    tell(
      "the page's commands delete nothing of a stack that is deployed",
      early || (kept.length < files.length ? `${files.length - kept.length} files are gone` : ''),
    );
    await judge();
    const { status, output } = await stack.serverless('remove');
    tell('serverless remove ends with 0 again', status === 0 ? '' : output);
    // The redeployment has deleted the first secret, which is listed, too.
    tell("the page's commands delete what stayed", await runPage(stack, 'delete-delivery-stream', '-c'));
    const left = await leftoverProblems(stack, { 'Glue::Database': 1, 'Glue::Table': 1 });
    const tables = (await store.tables(DATABASE)).join();
    tell(
      'nothing is left but the table of another stage',
      left || (tables === 'of_another_stage' ? '' : tables),
    );
  }

  /** Rows of a partition. */
  async function rowsAt(location: string | undefined, sql: string) {
    const prefix = location?.slice(`s3://${BUCKET}/`.length);
    return prefix === undefined ? [] : store.query(BUCKET, await store.keys(BUCKET, prefix), sql);
  }

  async function ledgerOf(day: string): Promise<string> {
    const key = `ledger/acme/orders/${day}.json`;
    const [found] = await store.keys(BUCKET, key);
    return found === undefined ? '' : Buffer.from(await store.bytes(BUCKET, key)).toString();
  }

  return [
    ['End', end],
    ['Ask', () => askAll(engine, folder, tell)],
    ['Deploy', firstDeployment],
    ['Send', events],
    ['Load, export, curate', days],
    ['Faults', faults],
    ['Update', update],
    ['Trial', trial],
    ['Ask IAM', judge],
    ['Remove', remove],
    ['Deploy again', redeploy],
    ['Delete what stays', clear],
  ];
}

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
