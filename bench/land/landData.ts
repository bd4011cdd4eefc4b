import { closeSync, openSync, writeSync } from 'node:fs';
import { HOUR_MS, isoHour, isoTimestamp, type UtcDay } from '../../lib/base/time.ts';
import { encodeLines, type LandedRow } from '../../lib/landing/store/encodeLines.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { seededRandom } from '../../packages/local-aws/src/base/index.ts';
import { randomHex } from '../randomHex.ts';

/** When the requests were received, epoch milliseconds. */
const RECEIVED_AT = Date.parse('2026-11-20T07:31:00Z');
/** The day of most rows, and of those of clients that kept them while they were offline. */
const DAY: UtcDay = '2026-11-20';
/** The day of events that come late. */
const LATE_DAY: UtcDay = '2026-11-19';
/** Share of rows of {@link LATE_DAY}. */
const LATE_SHARE = 0.1;
/** Events begin at this time of their day. */
const FIRST_TIME_MS = 7.5 * HOUR_MS;
/** Milliseconds between the events of two requests. */
const REQUEST_MS = 37;

/** Experiments that exposures are of. */
const EXPERIMENTS = 30;
/** Groups of each experiment. */
const GROUPS = 3;
/** Companies that users belong to. */
const COMPANIES = 900;
/** The most seats of the plan of a company. */
const PLAN_SEATS = 50;
/** Names of events. */
const EVENT_NAMES = ['page_view', 'add_to_cart', 'purchase'] as const;
/** The value of an event is a price of less, in cents. */
const MOST_CENTS = 20_000;
/** The number of rows among which one is an exposure; the others are events. */
const EXPOSURE_EVERY = 5;

/** Requests whose records are written to the disk at once. */
const REQUESTS_PER_WRITE = 1_000;
/** The seed of the rows: they are the same in each run. */
const SEED = 7;

/** How large an object of the landing is. */
export interface LandingShape {
  /** Requests whose rows are in the object. */
  readonly requests: number;
  /** Rows of each request. */
  readonly rowsPerRequest: number;
}

/** Writes an object of the landing: requests of one user each, with rows as the collector writes them. */
export function writeLandingObject(path: string, { requests, rowsPerRequest }: LandingShape): void {
  const random = seededRandom(SEED);
  const file = openSync(path, 'w');
  let records: Uint8Array[] = [];
  for (let request = 0; request < requests; request += 1) {
    const record = encodeLines(requestRows(request, rowsPerRequest, random), isoHour(RECEIVED_AT));
    if (record === null) throw new RangeError('A request has at least one row.');
    records.push(record);
    if (records.length < REQUESTS_PER_WRITE && request < requests - 1) continue;
    writeSync(file, Buffer.concat(records));
    records = [];
  }
  closeSync(file);
}

/** The rows of a request. Their members are in the order in which the collector writes them. */
function requestRows(
  request: number,
  count: number,
  random: () => number,
): Readonly<Record<ForwardedKind, readonly LandedRow[]>> {
  const rows: Record<ForwardedKind, LandedRow[]> = { exposures: [], events: [] };
  const userId = `user-${randomHex(random, 12)}`;
  const user = JSON.stringify({
    userID: userId,
    country: 'DE',
    locale: 'de_DE',
    custom: { plan: 'pro', seats: request % PLAN_SEATS },
  });
  const senderColumns = {
    statsig_metadata:
      '{"sdkType":"javascript-client","sdkVersion":"3.33.5","currentPage":"https://shop.example/cart"}',
    session_id: randomHex(random, 36),
    sdk_type: 'javascript-client',
    sdk_version: '3.33.5',
  };
  const unitColumns = {
    user_id: userId,
    stable_id: randomHex(random, 36),
    custom_ids: `{"companyID":"company-${request % COMPANIES}"}`,
  };
  for (let i = 0; i < count; i += 1) {
    const day = random() < LATE_SHARE ? LATE_DAY : DAY;
    const time = isoTimestamp(Date.parse(day) + FIRST_TIME_MS + request * REQUEST_MS + i);
    const sharedColumns = {
      ...unitColumns,
      timestamp: time,
      client_timestamp: time,
      received_at: isoTimestamp(RECEIVED_AT),
      environment: 'production',
    };
    const event_id = randomHex(random, 32);
    const isExposure = (request + i) % EXPOSURE_EVERY === EXPOSURE_EVERY - 1;
    const own = isExposure ? exposureColumns(random, user) : eventColumns(random, user, i);
    const json = JSON.stringify({
      event_id,
      ...own.before,
      ...sharedColumns,
      ...own.after,
      ...senderColumns,
    });
    rows[isExposure ? 'exposures' : 'events'].push({ day, json });
  }
  return rows;
}

/** The columns of a kind alone, before and after those that both kinds have. */
interface KindColumns {
  /** Values before those that both kinds have, by column. */
  readonly before: Readonly<Record<string, string | boolean>>;
  /** Values after those that both kinds have, by column. */
  readonly after: Readonly<Record<string, string>>;
}

/** The columns of an exposure, before and after those that all rows have. */
function exposureColumns(random: () => number, user: string): KindColumns {
  const experiment = `experiment_${Math.floor(random() * EXPERIMENTS)}`;
  const rule = `3QfjTest${Math.floor(random() * GROUPS)}`;
  return {
    before: {
      experiment_id: experiment,
      exposure_type: 'config',
      group_id: rule,
      rule_id: rule,
      is_assignment: true,
      reason: 'Network:Recognized',
      config_version: '3',
    },
    after: {
      user_dimensions: user,
      secondary_exposures: '[]',
      metadata: JSON.stringify({ config: experiment, ruleID: rule, rulePassed: 'true' }),
    },
  };
}

/** The columns of an event, before and after those that all rows have. */
function eventColumns(random: () => number, user: string, i: number): KindColumns {
  const details = { sku: `sku-${randomHex(random, 6)}`, list: 'search results', position: String(i) };
  return {
    before: {
      event_name: EVENT_NAMES[i % EVENT_NAMES.length] ?? EVENT_NAMES[0],
      event_value: String(Math.floor(random() * MOST_CENTS) / 100),
    },
    after: { user_object: user, company_metadata: JSON.stringify(details) },
  };
}
