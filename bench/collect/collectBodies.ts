import { gzipSync } from 'node:zlib';
import { DAY_MS } from '../../lib/base/time.ts';
import { collectPlan } from '../../lib/collect/rows/plan.ts';
import { type CollectedBatch, collectBatch } from '../../lib/collect/rows.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { decodeBody } from '../../lib/wire/decodeBody.ts';
import { seededRandom } from '../../packages/local-aws/src/base/index.ts';
import { randomHex } from '../randomHex.ts';

/** Which bodies are made. */
interface BodiesOptions {
  /** Events of each body. */
  readonly eventsPerBody: number;
  /** How many bodies there are. */
  readonly bodies: number;
  /** The seed of what is random in them. */
  readonly seed: number;
}

/** Bodies like the SDKs' bodies, modeled on test/fixtures/statsig; deterministic for a seed. */
export function collectBodies({ eventsPerBody, bodies, seed }: BodiesOptions): readonly Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: bodies }, (_, i) =>
    gzipSync(
      JSON.stringify(i % 2 === 0 ? clientBody(eventsPerBody, random) : serverBody(eventsPerBody, random)),
    ),
  );
}

/** A number from 0 to less than 1. */
type Random = () => number;

/** When the first event happens, epoch milliseconds. */
const START = Date.UTC(2026, 10, 20, 7, 30);
/** What an SDK says of how it came to its exposures: with rules of yesterday, which it got a moment ago. */
const EVALUATED = {
  reason: 'Network:Recognized',
  lcut: String(START - DAY_MS),
  receivedAt: String(START - 5_000),
};
/** Pages that users look at. */
const PAGES = ['/', '/cart', '/checkout', '/product/17', '/search'];

/** A random UUID. */
function uuid(random: Random): string {
  const hex = randomHex(random, 32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** One of some items; undefined of none. */
function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[Math.floor(random() * items.length)];
}

/** A browser: one user, each event on some page, alternating exposures and custom events. */
function clientBody(count: number, random: Random) {
  const user = {
    userID: `user-${randomHex(random, 12)}`,
    email: `${randomHex(random, 8)}@example.com`,
    country: 'DE',
    locale: 'de_DE',
    appVersion: '4.12.0',
    userAgent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36',
    customIDs: { companyID: `company-${randomHex(random, 6)}` },
    custom: { plan: pick(random, ['free', 'pro', 'team']), seats: Math.floor(random() * 50) },
  };
  return {
    events: Array.from({ length: count }, (_, i) => {
      const time = START + i * 137 + Math.floor(random() * 100);
      const statsigMetadata = { currentPage: `https://shop.example${pick(random, PAGES)}` };
      return i % 2 === 0
        ? { ...exposure(random), user, value: null, time, statsigMetadata }
        : { ...custom(random), user, time, statsigMetadata };
    }),
    statsigMetadata: {
      sdkVersion: '3.33.5',
      sdkType: 'javascript-client',
      stableID: uuid(random),
      sessionID: uuid(random),
      fallbackUrl: null,
    },
  };
}

/** A server: each user's request logs four events, mostly exposures; the Rust core shuffles metadata. */
function serverBody(count: number, random: Random) {
  const users = Array.from({ length: Math.ceil(count / 4) }, () => ({
    userID: `user-${randomHex(random, 12)}`,
    customIDs: { companyID: `company-${randomHex(random, 6)}`, stableID: uuid(random) },
    email: `${randomHex(random, 8)}@example.com`,
    ip: `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.7`,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36',
    country: 'DE',
    locale: 'de_DE',
    appVersion: '4.12.0',
    custom: { plan: pick(random, ['free', 'pro', 'team']), seats: Math.floor(random() * 50) },
  }));
  return {
    events: Array.from({ length: count }, (_, i) => {
      const user = users[Math.floor(i / 4)];
      const time = START + Math.floor(i / 4) * 41 + (i % 4);
      if (i % 4 === 3)
        return { ...custom(random), statsigMetadata: null, user, time, secondaryExposures: null };
      const { eventName, metadata, secondaryExposures } = exposure(random);
      const shuffled = Object.fromEntries(Object.entries(metadata).sort(() => random() - 0.5));
      return {
        eventName,
        value: null,
        metadata: shuffled,
        statsigMetadata: {},
        user,
        time,
        secondaryExposures,
      };
    }),
    statsigMetadata: {
      sdkType: 'statsig-server-core-node',
      sdkVersion: '0.23.2',
      sessionID: uuid(random),
      os: 'linux',
      arch: 'x86_64',
      languageVersion: '24.21.0',
      flushingIntervalMs: 1000,
      batchSize: 2000,
      maxPendingBatches: 100,
      flushType: 'scheduled',
    },
  };
}

/** An exposure of a gate, a config or a layer, as js-client sends it. */
function exposure(random: Random) {
  const version = String(1 + Math.floor(random() * 3));
  const n = Math.floor(random() * 6);
  switch (Math.floor(random() * 3)) {
    case 0:
      return {
        eventName: 'statsig::gate_exposure',
        metadata: {
          gate: `gate_${n}`,
          gateValue: String(random() < 0.5),
          ruleID: `4SuTqnR1rule${n}`,
          configVersion: version,
          ...EVALUATED,
        },
        secondaryExposures: [{ gate: 'spring_holdout', gateValue: 'false', ruleID: '5AhTholdOutRule' }],
      };
    case 1:
      return {
        eventName: 'statsig::config_exposure',
        metadata: {
          config: `experiment_${n}`,
          ruleID: `3Qfj${random() < 0.5 ? 'Control' : 'Test'}${n}`,
          rulePassed: 'true',
          configVersion: version,
          ...EVALUATED,
        },
        secondaryExposures: [],
      };
    default:
      return {
        eventName: 'statsig::layer_exposure',
        metadata: {
          config: 'homepage',
          ruleID: `6Hero${random() < 0.5 ? 'Control' : 'Test'}`,
          allocatedExperiment: 'homepage_hero',
          parameterName: pick(random, ['headline', 'images', 'colour']),
          isExplicitParameter: 'true',
          configVersion: version,
          ...EVALUATED,
        },
        secondaryExposures: [],
      };
  }
}

/** An event of a shop. */
function custom(random: Random) {
  return pick(random, [
    {
      eventName: 'page_view',
      value: `https://shop.example${pick(random, PAGES)}`,
      metadata: {
        referrer: 'https://search.example/',
        title: 'Shop',
        load_ms: String(Math.floor(random() * 900)),
      },
    },
    {
      eventName: 'add_to_cart',
      value: 1,
      metadata: {
        sku: `sku-${randomHex(random, 6)}`,
        list: 'search results',
        position: String(Math.floor(random() * 20)),
      },
    },
    {
      eventName: 'purchase',
      value: Math.round(random() * 20_000) / 100,
      metadata: {
        sku: `sku-${randomHex(random, 6)}`,
        currency: 'EUR',
        coupon: 'SPRING',
        items: String(1 + Math.floor(random() * 5)),
      },
    },
  ]);
}

/** What is known of the sender of every row: nothing of its SDK. */
const sender = {
  keyHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  clientTimes: [String(Date.UTC(2026, 10, 20, 7, 32))],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: Date.UTC(2026, 10, 20, 7, 32, 0, 123),
};

/** Makes a function that turns gzip bodies into rows, as the collector does. */
export function openCollector(): (body: Uint8Array) => CollectedBatch {
  const plan = collectPlan(
    defineConfig({
      bucket: 'bench',
      unitIds: { companyID: 'company_id' },
      experiments: ['homepage_hero', 'experiment_1', 'experiment_2'],
    }),
  );
  return (body: Uint8Array) => {
    const { text } = decodeBody(body, { contentEncoding: 'gzip', statsigEncoded: false });
    return collectBatch(text, sender, plan);
  };
}
