import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { decodeBody } from '../../../lib/wire/decodeBody.ts';
import { seededRandom } from '../../../packages/local-aws/src/base/index.ts';
import { type StatsigFixture, statsigFixtures } from '../../harness/StatsigFixture.ts';
import { memoryCollector, request, startCollector, type Taken } from './startCollector.ts';

/** How many mutated requests are sent; the same ones each time. */
const MUTATIONS = 2_000;
const SEED = 20_261_120;

/** Values to mutate JSON with: each is legal JSON, and wrong in most places. */
const VALUES = [
  'null',
  'true',
  '0',
  '-1',
  '1e400',
  '-1e400',
  '253402300800000',
  '12345678901234567890',
  '"NaN"',
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"10000-01-01T00:00:00Z"',
  '[]',
  '{}',
  '[[[[[[1]]]]]]',
  '{"__proto__":{"a":1}}',
  '{"a":1,"a":2}',
  '"statsig::gate_exposure"',
  '"statsig::diagnostics"',
];

/** A value, a key or a punctuation mark of JSON. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null|[{}[\],:]/g;

function generator(seed: number) {
  const random = seededRandom(seed);
  return (below: number) => Math.floor(random() * below);
}
type Random = ReturnType<typeof generator>;

/** Damage to bytes: flipped bits, a byte changed, a piece left out, repeated or cut off. */
function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  const out = Buffer.from(bytes);
  const at = random(out.length);
  const length = 1 + random(16);
  switch (random(5)) {
    case 0:
      out[at] = (out[at] ?? 0) ^ (1 << random(8));
      return out;
    case 1:
      out[at] = random(256);
      return out;
    case 2:
      return out.subarray(0, at);
    case 3:
      return Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
    default:
      return Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
  }
}

/** Damage to JSON: values replaced, tokens left out or doubled, characters changed. In place. */
function mutateTokens(tokens: string[], random: Random): void {
  const at = random(tokens.length);
  const token = tokens[at] ?? '';
  const value = VALUES[random(VALUES.length)] ?? 'null';
  switch (random(6)) {
    case 0:
    case 1:
    case 2:
      // A key stays a key: otherwise most mutations would only be invalid JSON.
      if (tokens[at + 1] === ':') tokens[at] = `"${random(100)}"`;
      else if (!/^[{}[\],:]$/.test(token)) tokens[at] = value;
      return;
    case 3:
      tokens[at] = '';
      return;
    case 4:
      tokens[at] = token + token;
      return;
    default:
      tokens[at] = String.fromCharCode(random(0x3000)) + token.slice(1);
  }
}

/** Events that an independent reader finds in a body; null if it is not a batch. */
function eventsIn(text: string): number | null {
  try {
    const { events, exposures, user, statsigMetadata } = Object(JSON.parse(text));
    const isShared = (value: unknown) =>
      value === null || value === undefined || (typeof value === 'object' && !Array.isArray(value));
    const list: unknown = events ?? exposures;
    return Array.isArray(list) && isShared(user) && isShared(statsigMetadata) ? list.length : null;
  } catch {
    return null;
  }
}

/**
 * Finds problems in the outcome of a request; empty if there are none. It compares by hand: jest's matchers would take
 * most of the time.
 */
function problemsOf(
  { status, code, rows, quarantined, metrics }: Taken,
  expected: number | null | undefined,
): string[] {
  const { received = 0, exposures_landed = 0, events_landed = 0, ignored = 0 } = metrics;
  const claims: Readonly<Record<string, boolean>> =
    status === 202
      ? {
          'is taken without a code': code === null,
          'is kept to the last event': rows.length + quarantined.length + Number(ignored) === received,
          'counts what landed': Number(exposures_landed) + Number(events_landed) === rows.length,
          'has the events that another reader finds': expected === undefined || received === expected,
        }
      : {
          'is refused for good': status === 400 || status === 413 || status === 415,
          'lands nothing': rows.length === 0,
          // A body that can never succeed is kept whole, unless it was empty.
          'is kept whole': quarantined.length === (code === 'SLUICE_BODY_EMPTY' ? 0 : 1),
          'is no batch to another reader': expected === undefined || expected === null,
        };
  const both = {
    'has rows with an ID and a day': rows.every(isRow),
    'has a reason for what it quarantines': quarantined.every(({ reason }) =>
      /^SLUICE_/.test(String(reason)),
    ),
  };
  return Object.entries({ ...claims, ...both }).flatMap(([claim, holds]) => (holds ? [] : [claim]));
}

function isRow(row: unknown): boolean {
  const { event_id, ds } = Object(row);
  return /^[0-9a-f]{32}$/.test(event_id) && /^\d{4}-\d{2}-\d{2}$/.test(ds);
}

const sentBy = ({ path, query, headers, body }: StatsigFixture) =>
  request({ path, query, headers, body: Buffer.from(body, 'base64') });

describe('requests of real SDKs', () => {
  it.each(statsigFixtures())(
    '$name land every event as a row or as counted telemetry',
    async ({ fixture }) => {
      const { send, rows, log } = startCollector();
      expect(await send(sentBy(fixture))).toMatchObject({ status: 202 });
      const landed = [...rows.exposures, ...rows.events];
      const [{ counted = {}, events, sdk } = {}] = log;
      const sum = Object.values(Object(counted)).reduce<number>((total, n) => total + Number(n), 0);
      expect(landed.length + sum).toEqual(events);
      expect(rows.quarantine).toEqual([]);
      expect(sdk).toMatch(/ \d+\.\d+\.\d+$/);
      for (const row of landed) {
        expect(row).toMatchObject({ session_id: expect.any(String), user_id: expect.any(String) });
        // Client SDKs carry their stable ID beside the events, servers only what the user was given.
        if (fixture.sdk.includes('js')) expect(row['stable_id']).toMatch(/^[0-9a-f-]{36}$/);
      }
    },
  );
});

/** A configuration under which mutations are tried. */
interface Configured {
  /** What the configuration is, as the end of a title. */
  readonly title: string;
  /** Its settings that differ from the defaults. */
  readonly config: Partial<ConfigInput>;
}

describe('mutated requests of real SDKs', () => {
  const fixtures = statsigFixtures().map(({ fixture }) => {
    const bytes = Buffer.from(fixture.body, 'base64');
    const encoding = fixture.headers['content-encoding'] ?? '';
    const { text } = decodeBody(bytes, {
      contentEncoding: encoding,
      statsigEncoded: new URLSearchParams(fixture.query).get('se') === '1',
    });
    return { fixture, bytes, tokens: text.match(TOKEN) ?? [], encoding };
  });

  const configurations: readonly Configured[] = [
    { title: 'as configured by default', config: {} },
    {
      title: 'under redaction and filters',
      config: {
        privacy: {
          redact: { 'user.*': 'hash', 'metadata.*': 'drop', 'statsigMetadata.currentPage': 'drop' },
          salt: 'sixteen characters at least',
        },
        events: { deny: ['auto_capture::*'] },
        landTelemetry: true,
      },
    },
  ];

  it.each(configurations)(
    'are answered, and kept if the answer says so, $title',
    async ({ title, config }) => {
      const take = memoryCollector(config);
      const random = generator(SEED + title.length);
      const statuses = new Map<number, number>();
      for (let i = 0; i < MUTATIONS / 2; i += 1) {
        const source = fixtures[random(fixtures.length)];
        if (source === undefined) throw new Error('no fixtures');
        const { fixture, bytes, tokens, encoding } = source;
        const how = random(4);
        let taken: Taken;
        let expected: number | null | undefined;
        if (how === 0) {
          taken = await take(
            request({
              body: mutateBytes(bytes, random),
              headers: { 'content-encoding': encoding },
              query: fixture.query,
            }),
          );
        } else {
          const mutations = [...tokens];
          for (let more = 1 + random(3); more > 0; more -= 1) mutateTokens(mutations, random);
          const mutated = mutations.join('');
          expected = mutated === '' ? undefined : eventsIn(mutated);
          const body = how === 1 ? mutated : gzipSync(mutated, { level: 1 });
          taken = await take(request({ body }));
        }
        const problems = problemsOf(taken, expected);
        if (problems.length > 0) expect({ i, ...taken, expected, problems }).toMatchObject({ problems: [] });
        statuses.set(taken.status, (statuses.get(taken.status) ?? 0) + 1);
      }
      // Neither all refused nor all taken: the mutations reach both sides.
      expect(statuses.get(202) ?? 0).toBeGreaterThan(200);
      expect(statuses.get(400) ?? 0).toBeGreaterThan(200);
    },
  );
});
