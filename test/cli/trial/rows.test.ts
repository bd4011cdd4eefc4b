import { AthenaClient } from '@aws-sdk/client-athena';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bodies, TEXT } from '../../../cli/trial/bodies.ts';
import {
  askViews,
  judgeEvent,
  judgeTime,
  partsWithoutRow,
  type Row,
  readRows,
} from '../../../cli/trial/rows.ts';
import type { Reply } from '../../../cli/trial/sendRequest.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { answeredBy } from '../../harness/answering.ts';

const time = Date.UTC(2026, 10, 20, 10, 15, 30, 123);
const row = (more: Partial<Row>): Row => ({
  part: 'plain_json',
  eventId: 'e1',
  metadata: JSON.stringify({ text: TEXT }),
  timestamp: '2026-11-20 10:15:30.123',
  ...more,
});
const reply = (status: number, headers: Record<string, string> = {}, success = status === 202): Reply => ({
  status,
  headers: new Headers(headers),
  text: JSON.stringify(success ? { success } : { message: 'Request Too Long' }),
});
const CORS = { 'access-control-allow-origin': '*' };

function judge(part: string, got: Reply, rows: readonly Row[] | null) {
  const body = bodies.find((candidate) => candidate.part === part);
  if (body === undefined) throw new Error(part);
  return judgeEvent(body, got, rows);
}

describe('judgeEvent', () => {
  it('compares the text', () => {
    const verdictOf = (metadata: string) => judge('plain_json', reply(202), [row({ metadata })]).verdict;
    expect(verdictOf(JSON.stringify({ text: TEXT }))).toBe('expected');
    expect(verdictOf('{"text":"another"}')).toBe('otherwise');
  });

  it('accepts several rows of one event, but not of two, and not none', () => {
    const judgementOf = (rows: readonly Row[] | null) => judge('plain_json', reply(202), rows);
    expect(judgementOf([row({}), row({})])).toMatchObject({
      verdict: 'expected',
      found: '202, 2 rows of 1 event',
    });
    expect(judgementOf([row({}), row({ eventId: 'e2' })])).toMatchObject({ verdict: 'otherwise' });
    expect(judgementOf([])).toMatchObject({ verdict: 'otherwise', found: '202, but no row' });
    expect(judgementOf(null)).toMatchObject({ verdict: 'not asked' });
  });

  it('looks for the row of its own event alone', () => {
    const other = row({ part: 'gzip_json', eventId: 'e2', metadata: '{"text":"another"}' });
    expect(judge('plain_json', reply(202), [row({}), other])).toMatchObject({
      verdict: 'expected',
      found: '202, 1 row',
    });
    expect(judge('plain_json', reply(202), [other])).toMatchObject({ found: '202, but no row' });
  });

  it.each([
    { what: '401', got: reply(401) },
    { what: '500', got: reply(500) },
    { what: '500 as the collector writes a 202', got: reply(500, {}, true) },
    { what: '202 of somebody else', got: reply(202, {}, false) },
  ])('does not accept $what, whatever rows there are', ({ got }) => {
    for (const rows of [[row({})], null]) expect(judge('plain_json', got, rows).verdict).toBe('otherwise');
  });

  it('does not look at the text of an event that was sent without one', () => {
    const rows = [row({ part: 'text_under_limit', metadata: '{"text":"another"}' })];
    expect(judge('text_under_limit', reply(202), rows).verdict).toBe('expected');
  });

  it('names all that is wrong with the rows of an event', () => {
    const rows = [row({}), row({ eventId: 'e2', metadata: '{"text":"another"}' })];
    const { found } = judge('plain_json', reply(202), rows);
    expect(found).toContain('2 rows');
    expect(found).toContain('sent was 1');
    expect(found).toContain('{"text":"another"}');
  });

  it('does not ask for a row of a body over a limit if nobody could look for one', () => {
    const verdictOf = (got: Reply) => judge('over_lambda_limit', got, null).verdict;
    expect(verdictOf(reply(413, CORS))).toBe('not asked');
    expect(verdictOf(reply(413))).toBe('otherwise');
    expect(verdictOf(reply(202, CORS))).toBe('otherwise');
  });

  it('expects a body over a limit to be refused, readably for a browser, and without a row', () => {
    const verdictOf = (got: Reply, rows: readonly Row[]) => judge('over_lambda_limit', got, rows).verdict;
    expect(verdictOf(reply(413, CORS), [])).toBe('expected');
    expect(verdictOf(reply(413), [])).toBe('otherwise');
    expect(verdictOf(reply(413, CORS), [row({ part: 'over_lambda_limit' })])).toBe('otherwise');
    expect(verdictOf(reply(202, CORS), [])).toBe('otherwise');
  });
});

describe('partsWithoutRow', () => {
  it('are those of the promised events, whatever other events have rows', () => {
    const rows = [row({ part: 'plain_json' }), row({ part: 'js_client' })];
    expect(partsWithoutRow(['plain_json', 'gzip_json'], rows)).toEqual(['gzip_json']);
    expect(partsWithoutRow(['plain_json'], rows)).toEqual([]);
  });
});

describe('judgeTime', () => {
  const run = { time };

  it('compares each millisecond', () => {
    expect(judgeTime([row({}), row({})], run).verdict).toBe('expected');
    expect(judgeTime([row({}), row({ timestamp: '2026-11-20 10:15:30.000' })], run)).toMatchObject({
      verdict: 'otherwise',
      found: '2026-11-20 10:15:30.000 instead of 2026-11-20 10:15:30.123',
    });
    expect(judgeTime([], run).verdict).toBe('not asked');
  });

  it('leaves out the rows of SDKs, which set times of their own', () => {
    const ofSdk = row({ part: 'js_client', timestamp: '2026-11-20 10:15:31.000' });
    expect(judgeTime([row({}), ofSdk], run).verdict).toBe('expected');
    expect(judgeTime([ofSdk], run).verdict).toBe('not asked');
  });
});

const config = defineConfig({ bucket: 'acme', database: 'own' });
const stack = { service: 'sluice', stage: 'trial-0a1b2c3d' };
const deployment = openDeployment({ config, stack, isLocal: false, now: 0 }, { region: 'us-east-1' });
afterAll(() => deployment.close());
const keys = { client: 'client-trial', server: 'secret-trial' };
const run = { id: '0a1b2c3d', collector: 'http://collector', keys, time, lacks: new Set<string>() };
/** The condition by which a query reads the run's rows alone. */
const OF_RUN =
  "WHERE ds BETWEEN DATE '2026-11-19' AND DATE '2026-11-21' AND event_name LIKE 'sluice-probe:0a1b2c3d:%'";

/** How Athena takes queries. */
interface AthenaManner {
  /** Its answer to each of them. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
  /** The state of a query. Default: it succeeds. */
  readonly stateOf?: (sql: string) => string;
  /** What no query gets beyond. Default: nothing. */
  readonly failure?: Error;
}

/** The deployment with an Athena, by a clock that waiting moves, and the queries that Athena is asked. */
function probedBy({ rows, stateOf = () => 'SUCCEEDED', failure }: AthenaManner) {
  let now = 0;
  const statements: string[] = [];
  const names = Object.keys(rows[0] ?? {});
  const dataOf = (values: readonly (string | null)[]) => ({
    Data: values.map((value) => (value === null ? {} : { VarCharValue: value })),
  });
  const athena = answeredBy(AthenaClient, ({ name, input }) => {
    if (failure !== undefined) throw failure;
    if (name === 'StartQueryExecution') statements.push(String(input['QueryString']));
    const id = name === 'StartQueryExecution' ? statements.length - 1 : Number(input['QueryExecutionId']);
    return {
      QueryExecutionId: String(id),
      QueryExecution: { Status: { State: stateOf(statements[id] ?? ''), StateChangeReason: 'because' } },
      ResultSet: {
        ResultSetMetadata: { ColumnInfo: names.map((Name) => ({ Name, Type: 'varchar' })) },
        Rows: [names, ...rows.map((values) => Object.values(values))].map(dataOf),
      },
    };
  });
  const wait = async (ms: number) => {
    now += ms;
  };
  return { probed: { ...deployment, athena, clock: { now: () => now }, wait }, statements };
}

describe('readRows', () => {
  it('reads the rows of the run, each under the last part of its name', async () => {
    const { probed, statements } = probedBy({
      rows: [
        { name: 'sluice-probe:0a1b2c3d:gzip_json', id: 'e1', metadata: '{}', at: '2026-11-20 10:15:30.123' },
        { name: null, id: null, metadata: null, at: null },
      ],
    });
    expect(await readRows(probed, run)).toEqual([
      { part: 'gzip_json', eventId: 'e1', metadata: '{}', timestamp: '2026-11-20 10:15:30.123' },
      { part: '', eventId: '', metadata: '', timestamp: '' },
    ]);
    expect(statements).toEqual([expect.stringContaining(` FROM "own"."statsig_forwarded_events" ${OF_RUN}`)]);
  });
});

describe('askViews', () => {
  /** Asks an Athena that counts 7 events. */
  async function ask(events: number, manner: Omit<AthenaManner, 'rows'> = {}) {
    const { probed, statements } = probedBy({ rows: [{ n: '7' }], ...manner });
    return { ...(await askViews(probed, run, events)), statements };
  }

  it('expects that each view answers, and that one has each event once', async () => {
    expect(await ask(7)).toMatchObject({ verdict: 'expected' });
    expect(await ask(8)).toMatchObject({
      verdict: 'otherwise',
      found: expect.stringContaining('7 of 8 events'),
    });
  });

  it('asks every view, and counts the events of the run on its days alone', async () => {
    const { statements } = await ask(7);
    const asked = statements.flatMap((sql) => /"own"\."(\w+)" LIMIT 0$/.exec(sql)?.[1] ?? []);
    expect(asked.toSorted()).toEqual([...viewNames].toSorted());
    expect(statements.at(-1)).toBe(`SELECT count(*) AS n FROM "own"."product_events" ${OF_RUN}`);
  });

  it('names each view that Athena refuses, and why', async () => {
    const isRefused = (sql: string) => /"(daily_exposures|product_events)" LIMIT/.test(sql);
    const { verdict, found } = await ask(7, {
      stateOf: (sql) => (isRefused(sql) ? 'FAILED' : 'SUCCEEDED'),
    });
    expect(verdict).toBe('otherwise');
    expect(found).toMatch(/^product_events: .*because.*; daily_exposures: .*because/);
  });

  it('names a view of which AWS denies the query', async () => {
    const denied = Object.assign(new Error('not yours'), {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    });
    expect((await ask(7, { failure: denied })).found).toContain('product_events: not yours');
  });

  it.each([
    {
      what: 'a query that takes too long, which refuses nothing',
      manner: { stateOf: () => 'RUNNING' },
      code: 'SLUICE_OBSERVE_QUERY_STOPPED',
    },
    {
      what: 'a failure of the network, which is no answer of Athena',
      manner: { failure: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) },
      code: 'ECONNREFUSED',
    },
  ])('is stopped by $what', async ({ manner, code }) => {
    await expect(ask(7, manner)).rejects.toMatchObject({ code });
  });
});
