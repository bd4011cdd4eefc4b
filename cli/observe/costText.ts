import type { Cost } from '../../observe/cost/cost.ts';
import { textTable } from '../terminal/output.ts';
import { count, counted } from './words.ts';

/** A cost for people. */
export function costText(cost: Cost): string {
  const { parts, usage, usd_per_month: month, source, not_included: missing } = cost;
  const millions = usage.events / 1_000_000;
  const row = (part: string, usd: number) => ({
    part,
    'USD a month': dollars(usd),
    'USD a million events': millions === 0 ? '' : dollars(usd / millions),
    share: month === 0 ? '' : `${Math.round((usd / month) * 100)} %`,
  });
  const basis =
    source.kind === 'stage'
      ? `by the metrics of ${source.stack} from ${source.since} to ${source.until}`
      : `as in the sample: ${counted(source.events, 'event')} in ${counted(source.requests, 'request')}`;
  return [
    `${count(Math.round(usage.events))} events a month in ${count(Math.round(usage.requests))} requests, ${basis}.\n`,
    textTable([...Object.entries(parts).map(([part, usd]) => row(part, usd)), row('total', month)]),
    `Not included (docs/cost.md):\n${missing.map((text) => `  ${text}\n`).join('')}`,
    'List prices of us-east-1, first tier, without the free tier.\n',
  ].join('\n');
}

/** With cents, or two significant digits below one. */
function dollars(usd: number): number {
  return usd >= 1 ? Math.round(usd * 100) / 100 : Number(usd.toPrecision(2));
}
