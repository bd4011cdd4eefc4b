import { prices } from './prices.ts';

/** Of `buffering.seconds`: the least, the default and the most among them. */
const SECONDS = [60, 120, 300, 600, 900];
/** Of `buffering.megabytes`. */
const MEGABYTES = 128;
const MIB = 2 ** 20;
const KB = 1_000;
/** Exposures and events; of quarantine there is little. */
const STREAMS = 2;
const SECONDS_A_DAY = 86_400;
const DAYS_A_MONTH = 30;
/** Firehose holds a record for up to so many intervals: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html */
const LONGEST_INTERVALS = 1.5;

/**
 * The rows of docs/deploy.md's table of buffering, in Markdown: how late a row may be, how many files a day has, what
 * they cost by bench/prices.ts, and from which traffic on the size decides instead of the time.
 *
 * It counts one file for each stream and interval. Where rows of several days come, each day has a file of its own.
 */
export function bufferingTable(): readonly string[] {
  return SECONDS.map((seconds) => {
    const files = (STREAMS * SECONDS_A_DAY) / seconds;
    const dollars = files * DAYS_A_MONTH * (prices.partitionedObject.usd + prices.s3Put.usd);
    const fullAt = (MEGABYTES * MIB) / seconds / KB;
    const cells = [
      `${seconds}`,
      minutes(seconds * LONGEST_INTERVALS),
      files.toLocaleString('en-GB'),
      `$${dollars.toFixed(2)}`,
      `${Math.round(fullAt).toLocaleString('en-GB')} KB/s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

function minutes(seconds: number): string {
  return `${seconds / 60} min`;
}
