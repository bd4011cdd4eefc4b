import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DriverReport } from '../../demo/sdks/EventTally.ts';
import { expectedGroups, runDriver } from '../../demo/story/runDriver.ts';
import { sum } from '../../lib/base/sum.ts';
import { HOUR_MS, utcDay } from '../../lib/base/time.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { decodeBody } from '../../lib/wire/decodeBody.ts';
import { type Fate, type Post, startUnreliableGateway } from '../harness/startUnreliableGateway.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';

/** Six visits a second apart, three on each side of the last midnight UTC. */
const aroundMidnight = { days: [Date.parse(`${utcDay(Date.now())}T00:00:00Z`) - 3_000] };

/** How one SDK sends through a gateway. */
interface Run {
  /** Begins the IDs of its users. */
  readonly prefix: string;
  /** The program that drives it, from demo/sdks/. */
  readonly driver: string;
  readonly key: string;
  /** What becomes of its posts, in order; then all pass. */
  readonly script: readonly Fate[];
  /** Settings of the program. */
  readonly settings?: object;
}

// statsig-js gives up at the third try and sends the batch again when the page is opened next.
const runs: readonly Run[] = [
  {
    prefix: 'js-client',
    driver: 'driveJsClient.ts',
    key: 'client-1',
    script: ['lose', 'refuse'],
    settings: { ...aroundMidnight, compress: true, path: '/v1/my-product-data' },
  },
  {
    prefix: 'server-core',
    driver: 'driveNodeCore.ts',
    key: 'secret-1',
    script: ['lose', 'reset'],
    settings: { environment: 'staging' },
  },
  {
    prefix: 'statsig-js',
    driver: '../../test/harness/sdks/driveStatsigJs.ts',
    key: 'client-2',
    script: ['lose', 'lose', 'lose'],
    settings: aroundMidnight,
  },
  {
    prefix: 'statsig-node',
    driver: '../../test/harness/sdks/driveStatsigNode.ts',
    key: 'secret-2',
    script: ['lose', { delayMs: 100 }, 'reset'],
    settings: aroundMidnight,
  },
  {
    prefix: 'js-client-late',
    driver: 'driveJsClient.ts',
    key: 'client-1',
    script: ['lose'],
    settings: { clockOffsetMs: -3 * HOUR_MS },
  },
  {
    prefix: 'statsig-node-early',
    driver: '../../test/harness/sdks/driveStatsigNode.ts',
    key: 'secret-2',
    script: ['lose'],
    settings: { clockOffsetMs: 3 * HOUR_MS },
  },
];

const TABLES = { exposures: 'statsig_forwarded_exposures', events: 'statsig_forwarded_events' } as const;

const reports = new Map<string, DriverReport>();
const posts = new Map<string, readonly Post[]>();

let story: StoryCloud;
// One story for the whole file: the SDKs post through gateways that fail, while Firehose fails now and then.
beforeAll(async () => {
  story = await storyCloud();
  await story.setFaults({
    firehose: [{ fault: 'failCalls', calls: 3 }],
  });
  await Promise.all(
    runs.map(async ({ prefix, driver, key, script, settings }) => {
      const gateway = await startUnreliableGateway(story.cloud.collector, script);
      try {
        const collector = gateway.url;
        const driven = { collector, key, users: 6, userPrefix: prefix, ...settings };
        reports.set(prefix, await runDriver(driver, driven));
        posts.set(prefix, gateway.posts);
      } finally {
        await gateway.close();
      }
    }),
  );
  await story.cloud.flush();
});
afterAll(() => story?.close());

const ROWS = `(SELECT event_id, user_id, ds, timestamp, client_timestamp, received_at, event_name AS what FROM statsig_forwarded_events
   UNION ALL SELECT event_id, user_id, ds, timestamp, client_timestamp, received_at, concat_ws('/', exposure_type, experiment_id, parameter_name) FROM statsig_forwarded_exposures)`;
const query = (sql: string) => story.query(sql);
const sentBy = (prefix: string) => Object.entries(reports.get(prefix)?.byDay ?? {}).sort();

/** Posts of one batch, the first time and again: of those that were resent the one with the most events. */
function resends(prefix: string): [Post, ...Post[]] {
  const batches = new Map<string, Post[]>();
  for (const post of posts.get(prefix) ?? []) {
    const events = eventsOf(post);
    const batch = JSON.stringify([events.length, mark(events[0]), mark(events.at(-1))]);
    batches.set(batch, [...(batches.get(batch) ?? []), post]);
  }
  const [largest] = [...batches.values()]
    .filter(({ length }) => length > 1)
    .sort(([left], [other]) => (other?.body.length ?? 0) - (left?.body.length ?? 0));
  const [first, ...again] = largest ?? [];
  if (first === undefined) throw new Error(`${prefix} resent nothing`);
  return [first, ...again];
}

/** Values that distinguish an event from its neighbours, whatever the order of its members. */
function mark(event: unknown): unknown[] {
  const { eventName, time, user, metadata }: Record<string, unknown> = Object(event);
  return [
    eventName,
    time,
    Reflect.get(Object(user), 'userID'),
    Reflect.get(Object(metadata), 'parameterName'),
  ];
}

function bodyOf({ body, headers }: Post): Record<string, unknown> {
  const { text } = decodeBody(body, {
    contentEncoding: headers['content-encoding'] ?? '',
    statsigEncoded: false,
  });
  return JSON.parse(text);
}

function eventsOf(post: Post): unknown[] {
  const { events } = bodyOf(post);
  return Array.isArray(events) ? events : [];
}

describe.each(runs)('$prefix, which resends events that have landed', ({ prefix }) => {
  it('lands every event under one ID, and resends it under the same ID', async () => {
    const days = await query(
      `SELECT CAST(min(ds) AS VARCHAR) ds, event_id, count(*) n FROM ${ROWS} WHERE regexp_full_match(user_id, '${prefix}-[0-9]+') GROUP BY event_id`,
    );
    const sent = sum(sentBy(prefix).map(([, { exposures, events }]) => exposures + events));
    expect(sent).toBeGreaterThan(30);
    expect(days).toHaveLength(sent);
    expect(sum(days.map(({ n }) => Number(n)))).toBeGreaterThan(sent);
  });

  it('has lost a response after the batch landed', () => {
    expect(posts.get(prefix)).toContainEqual(expect.objectContaining({ fate: 'lose', collected: 202 }));
  });
});

describe('a resend of an SDK', () => {
  it('has no changes from js-client', () => {
    const [first, ...again] = resends('js-client');
    for (const { body } of again) expect(body.equals(first.body)).toBe(true);
    expect(first.query.get('gz')).toBe('1');
  });

  it('has changed batch metadata but the same events from Server Core', () => {
    const [first, ...again] = resends('server-core');
    for (const post of again) {
      expect(eventsOf(post)).toEqual(eventsOf(first));
      expect(bodyOf(post)['statsigMetadata']).not.toEqual(bodyOf(first)['statsigMetadata']);
    }
    expect(first.headers['content-encoding']).toBe('zstd');
  });

  it('has an added time from statsig-js if the batch was stored in localStorage', () => {
    const [first, ...again] = resends('statsig-js');
    for (const post of again) {
      const { time = 0, ...rest } = bodyOf(post);
      expect(time).toEqual(expect.any(Number));
      expect(rest).toEqual(bodyOf(first));
    }
  });

  it('has no compression from statsig-node', () => {
    const [first, ...again] = resends('statsig-node');
    expect(first.headers['content-encoding']).toBe('gzip');
    for (const post of again) {
      expect(post.headers['content-encoding']).toBeUndefined();
      expect(bodyOf(post)).toEqual(bodyOf(first));
    }
  });
});

describe('landed rows', () => {
  it('stay on their own day and side of midnight, however often they are sent', async () => {
    for (const prefix of ['js-client', 'statsig-js', 'statsig-node', 'server-core']) {
      const days = await query(
        `SELECT CAST(ds AS VARCHAR) ds, count(DISTINCT event_id) n FROM ${ROWS} WHERE regexp_full_match(user_id, '${prefix}-[0-9]+') GROUP BY 1 ORDER BY 1`,
      );
      const sent = sentBy(prefix).map(([ds, { exposures, events }]) => ({ ds, n: exposures + events }));
      if (prefix !== 'server-core') expect(sent).toHaveLength(2);
      expect(days).toEqual(sent);
    }
  });

  it('never share an ID with another event', async () => {
    const shared = await query(
      `SELECT event_id FROM ${ROWS} GROUP BY 1 HAVING count(DISTINCT (user_id, client_timestamp, what)) > 1`,
    );
    expect(shared).toEqual([]);
  });

  it('have the right time although the sender’s clock is hours off', async () => {
    for (const { prefix, offset } of [
      { prefix: 'js-client-late', offset: -3 * HOUR_MS },
      { prefix: 'statsig-node-early', offset: 3 * HOUR_MS },
    ]) {
      const [found] = await query(
        `SELECT max(abs(epoch_ms(received_at) - epoch_ms(timestamp))) AS off, min(epoch_ms(client_timestamp) - epoch_ms(timestamp)) AS earliest,
           max(epoch_ms(client_timestamp) - epoch_ms(timestamp)) AS latest FROM ${ROWS} WHERE user_id LIKE '${prefix}-%'`,
      );
      expect(Number(found?.['off'])).toBeLessThan(60_000);
      expect(Math.abs(Number(found?.['earliest']) - offset)).toBeLessThan(10_000);
      expect(Math.abs(Number(found?.['latest']) - offset)).toBeLessThan(10_000);
    }
  });

  it('are all, with none refused, in registered partitions of their days', async () => {
    expect(await query('SELECT count(*) AS n FROM quarantine')).toEqual([{ n: 0 }]);
    expect(await story.keys('quarantine')).toEqual([]);
    for (const kind of forwardedKinds) {
      const rows = await query(
        `SELECT DISTINCT CAST(ds AS varchar) AS "value" FROM ${TABLES[kind]} ORDER BY 1`,
      );
      expect(rows.length).toBeGreaterThan(1);
      const folder = `s3://${story.cloud.bucket}/statsig/statsig_forwarded_${kind}/${TABLES[kind]}`;
      // The registrar's hourly run makes those of today and tomorrow besides.
      expect(await story.partitions(TABLES[kind])).toEqual(
        expect.arrayContaining(rows.map(({ value }) => ({ value, location: `${folder}/${value}/` }))),
      );
    }
    expect(story.refusals).toEqual([]);
  });

  it('have their experiments and groups resolved, hashed or not', async () => {
    const rows = await query(
      `SELECT experiment_id, group_id, count(DISTINCT event_id) n FROM ${TABLES.exposures}
       WHERE is_assignment AND experiment_id IN ('checkout_button', 'homepage_hero') GROUP BY ALL`,
    );
    const found: Record<string, Record<string, unknown>> = {};
    for (const row of rows) {
      const experiment = String(row['experiment_id']);
      found[experiment] = { ...found[experiment], [String(row['group_id'])]: row['n'] };
    }
    expect(found).toEqual(expectedGroups([...reports.values()]));
  });

  it('fill the columns from the fields that the SDKs really send', async () => {
    const [server] = await query(
      `SELECT * FROM ${TABLES.events} WHERE user_id = 'server-core-1' AND event_name = 'order_placed' LIMIT 1`,
    );
    expect(server).toMatchObject({
      event_value: '11',
      stable_id: 'device-1',
      company_id: 'company-1',
      environment: 'staging',
      sdk_type: 'statsig-server-core-node',
      company_metadata: expect.stringContaining('"currency":"EUR"'),
    });
    const [client] = await query(
      `SELECT * FROM ${TABLES.events} WHERE user_id = 'js-client-1' AND event_name = 'add_to_cart' LIMIT 1`,
    );
    expect(client).toMatchObject({
      environment: 'production',
      sdk_type: 'javascript-client',
      event_value: '1',
      stable_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const [gate] = await query(`SELECT * FROM ${TABLES.exposures} WHERE exposure_type = 'gate' LIMIT 1`);
    expect(gate?.['group_id']).toBe(
      `${gate?.['rule_id']}:${gate?.['gate_value'] === true ? 'Pass' : 'Fail'}`,
    );
  });
});
