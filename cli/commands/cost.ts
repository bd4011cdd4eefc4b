import type { Cost } from '../../observe/cost.ts';
import { count } from '../observe/words.ts';
import {
  type Command,
  type CommandLine,
  choiceOption,
  countOption,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeResult } from '../terminal/output.ts';

const ENDPOINTS = ['http-api', 'function-url'] as const;

/** `sluice cost`: USD a month by part at list prices, before anything is deployed. */
export const cost: Command = {
  name: 'cost',
  summary: 'Calculate USD a month by part at list prices.',
  options: {
    'events-per-month': { type: 'string', help: 'events, e.g. 5000000 or 5M (default 100M)' },
    'events-per-request': { type: 'string', help: 'events of a request, 1 to 10000 (default 20)' },
    endpoint: { type: 'string', values: ENDPOINTS, help: 'where SDKs send to (default http-api)' },
    'days-kept': { type: 'string', help: 'days for which rows are kept (default 365)' },
  },
  examples: [
    'sluice cost --events-per-month 50M --events-per-request 10',
    'sluice cost --events-per-month 2B --events-per-request 500 --endpoint function-url --json',
  ],
  async run(line) {
    const question = {
      eventsPerMonth: eventsOption(line),
      eventsPerRequest: countOption(line, 'events-per-request', { usual: 20, most: 10_000 }),
      endpoint: choiceOption(line, 'endpoint', ENDPOINTS) ?? 'http-api',
      daysKept: countOption(line, 'days-kept', { usual: 365, most: 36_500 }),
    };
    const { costOfMonth } = await import('../../observe/cost.ts');
    const result = costOfMonth(question);
    writeResult(line, result, () => costText(result));
    return 0;
  },
};

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9 };

function eventsOption(line: CommandLine): number {
  const text = textOption(line, 'events-per-month') ?? '100M';
  const [, digits = '', suffix = ''] = /^(\d{1,15}(?:\.\d+)?)([kMB]?)$/i.exec(text) ?? [];
  const events = digits === '' ? Number.NaN : Number(digits) * (SUFFIXES[suffix.toLowerCase()] ?? Number.NaN);
  if (events >= 1 && events <= 1e15) return events;
  throw new UsageError(
    'SLUICE_USAGE_OPTIONS',
    `--events-per-month: got ${text}, expected a number such as 5000000, 500k, 5M or 2B.`,
  );
}

/** A cost for people. */
function costText(cost: Cost): string {
  const { events_per_month: events, requests_per_month: requests, parts, usd_per_month: month } = cost;
  const row = (part: string, usd: number) => ({
    part,
    'USD a month': dollars(usd),
    'USD a million events': dollars((usd * 1_000_000) / events),
    share: `${Math.round((usd / month) * 100)} %`,
  });
  return [
    `${count(Math.round(events))} events a month in ${count(Math.round(requests))} requests, rows kept for ${count(cost.days_kept)} days.\n`,
    textTable([...Object.entries(parts).map(([part, usd]) => row(part, usd)), row('total', month)]),
    'List prices of us-east-1, first tier, without the free tier. What is not included: docs/cost.md.\n',
  ].join('\n');
}

/** With cents, or two significant digits below one. */
function dollars(usd: number): number {
  return usd >= 1 ? Math.round(usd * 100) / 100 : Number(usd.toPrecision(2));
}
