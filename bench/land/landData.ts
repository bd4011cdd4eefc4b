import { closeSync, openSync, writeSync } from 'node:fs';
import { isoHour } from '../../lib/base/time.ts';
import { encodeLines, type LandedRow } from '../../lib/landing/store/encodeLines.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { hex, seededRandom } from '../collect/seededRandom.ts';

const DAYS = ['2026-11-19', '2026-11-20'];
const RECEIVED_AT = Date.parse('2026-11-20T07:31:00Z');
/** Share of rows that belong to the day before: clients keep events while they are offline. */
const LATE = 0.1;
const EXPERIMENTS = 30;
/** One of so many rows is an exposure, the others are events. */
const EXPOSURE_EACH = 5;

interface LandingShape {
  readonly requests: number;
  readonly rowsEach: number;
}

/** Writes an object of the landing: requests of one user each, with rows as the collector writes them. */
export function writeLandingObject(path: string, { requests, rowsEach }: LandingShape): void {
  const random = seededRandom(7);
  const file = openSync(path, 'w');
  let waiting: Uint8Array[] = [];
  for (let request = 0; request < requests; request += 1) {
    waiting.push(encodeLines(requestRows(request, rowsEach, random), isoHour(RECEIVED_AT)) ?? Buffer.of());
    if (waiting.length < 1_000 && request < requests - 1) continue;
    writeSync(file, Buffer.concat(waiting));
    waiting = [];
  }
  closeSync(file);
}

function requestRows(request: number, count: number, random: () => number) {
  const rows: Record<ForwardedKind, LandedRow[]> = { exposures: [], events: [] };
  const user = `user-${hex(random, 12)}`;
  const details = {
    userID: user,
    country: 'DE',
    locale: 'de_DE',
    custom: { plan: 'pro', seats: request % 50 },
  };
  const sender = {
    statsig_metadata:
      '{"sdkType":"javascript-client","sdkVersion":"3.33.5","currentPage":"https://shop.example/cart"}',
    session_id: hex(random, 36),
    sdk_type: 'javascript-client',
    sdk_version: '3.33.5',
  };
  const unit = {
    user_id: user,
    stable_id: hex(random, 36),
    custom_ids: `{"companyID":"company-${request % 900}"}`,
  };
  for (let i = 0; i < count; i += 1) {
    const day = DAYS[random() < LATE ? 0 : 1] ?? '';
    const time = new Date(Date.parse(day) + 27_000_000 + request * 37 + i).toISOString();
    const shared = {
      ...unit,
      timestamp: time,
      client_timestamp: time,
      received_at: new Date(RECEIVED_AT).toISOString(),
      environment: 'production',
    };
    const event_id = hex(random, 32);
    const experiment = `experiment_${Math.floor(random() * EXPERIMENTS)}`;
    const rule = `3QfjTest${Math.floor(random() * 3)}`;
    const exposure = {
      event_id,
      experiment_id: experiment,
      exposure_type: 'config',
      group_id: rule,
      rule_id: rule,
      is_assignment: true,
      reason: 'Network:Recognized',
      config_version: '3',
      ...shared,
      user_dimensions: JSON.stringify(details),
      secondary_exposures: '[]',
      metadata: JSON.stringify({ config: experiment, ruleID: rule, rulePassed: 'true' }),
    };
    const event = {
      event_id,
      event_name: ['page_view', 'add_to_cart', 'purchase'][i % 3],
      event_value: String(Math.floor(random() * 20_000) / 100),
      ...shared,
      user_object: JSON.stringify(details),
      company_metadata: JSON.stringify({
        sku: `sku-${hex(random, 6)}`,
        list: 'search results',
        position: String(i),
      }),
    };
    const isExposure = (request + i) % EXPOSURE_EACH === EXPOSURE_EACH - 1;
    const json = JSON.stringify({ ...(isExposure ? exposure : event), ...sender });
    rows[isExposure ? 'exposures' : 'events'].push({ day, json });
  }
  return rows;
}
