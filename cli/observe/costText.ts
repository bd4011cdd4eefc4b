import { isoTimestamp } from '../../lib/base/time.ts';
import type { Cost } from '../../observe/cost/cost.ts';
import { textTable } from '../terminal/output.ts';
import { count } from './words.ts';

/** Region of the list prices. */
const PRICED_REGION = 'us-east-1';

/** A cost for people. */
export function costText(cost: Cost): string {
  const { parts, usage, usdPerMonth, usdPerMillion, region } = cost;
  const millions = usage.events / 1_000_000;
  const rows = Object.entries(parts).map(([part, usd]) => ({
    part,
    'USD a month': dollars(usd),
    'USD a million events': millions === 0 ? '' : dollars(usd / millions),
    share: usdPerMonth === 0 ? '' : `${Math.round((usd / usdPerMonth) * 100)} %`,
  }));
  const total = {
    part: 'total',
    'USD a month': dollars(usdPerMonth),
    'USD a million events': usdPerMillion === null ? '' : dollars(usdPerMillion),
    share: '100 %',
  };
  return [
    `${basis(cost)}\n`,
    textTable([...rows, total]),
    `Not included:\n${cost.notIncluded.map((text) => `  ${text}\n`).join('')}`,
    `List prices of ${PRICED_REGION}, first tier, without the free tier (observe/prices.ts).${
      region === PRICED_REGION ? '' : ` The deployment is in ${region}: prices there differ.`
    }\n`,
  ].join('\n');
}

function basis({ source, usage }: Cost): string {
  const month = `${count(Math.round(usage.events))} events a month in ${count(Math.round(usage.requests))} requests`;
  if (source.kind === 'stage')
    return `${month}, by the metrics of ${source.stack} from ${isoTimestamp(source.since)} to ${isoTimestamp(source.until)}.`;
  return `${month}, as in the sample: ${count(source.events)} events in ${count(source.requests)} ${source.requests === 1 ? 'request' : 'requests'}.`;
}

/** With cents, or two significant digits below one. */
function dollars(usd: number): number {
  return usd >= 1 ? Math.round(usd * 100) / 100 : Number(usd.toPrecision(2));
}
