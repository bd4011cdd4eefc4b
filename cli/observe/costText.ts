import { visibleLine } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import type { Cost } from '../../observe/cost/cost.ts';
import { textTable } from '../terminal/output.ts';

/** Region of the list prices. */
const PRICED_REGION = 'us-east-1';

/** A cost for people. */
export function costText(cost: Cost): string {
  const { parts, levers, usage, usdPerMonth, usdPerMillion, region } = cost;
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
  const dearest = Object.entries(parts)
    .filter(([, usd]) => usd > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([part]) => part);
  const texts: ReadonlyMap<string, string> = new Map(Object.entries(levers));
  return [
    `${basis(cost)}\n`,
    textTable([...rows, total]),
    `What you can change, the most expensive part first:\n${dearest.map((part) => `  ${part}: ${texts.get(part) ?? ''}\n`).join('')}`,
    `Not included:\n${cost.notIncluded.map((text) => `  ${text}\n`).join('')}`,
    `List prices of ${PRICED_REGION}, first tier, without the free tier (observe/prices.ts).${
      region === PRICED_REGION ? '' : ` The deployment is in ${region}: prices there differ.`
    }\n`,
  ].join('\n');
}

function basis({ source, usage }: Cost): string {
  const month = `${count(usage.events)} events a month in ${count(usage.requests)} requests`;
  if (source.kind === 'stage')
    return `${month}, by the metrics of ${source.stack} from ${isoTimestamp(source.since)} to ${isoTimestamp(source.until)}.`;
  const refused = Object.entries(source.refused).map(
    ([code, requests]) => `${requests} with ${visibleLine(code)}`,
  );
  return `${month}, as in the sample: ${count(source.events)} events in ${count(source.requests)} ${source.requests === 1 ? 'request' : 'requests'}.${
    refused.length === 0 ? '' : ` The collector refuses ${refused.join(', ')}.`
  }`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** With cents, or two significant digits below one. */
function dollars(usd: number): number {
  return usd >= 1 ? Math.round(usd * 100) / 100 : Number(usd.toPrecision(2));
}
