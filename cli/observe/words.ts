import { queryCost, usd } from '../../observe/prices.ts';

/** `12,345` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** What a query has cost, as a sentence. */
export function athenaRead(scannedBytes: number): string {
  return `Athena read ${count(scannedBytes)} bytes, about ${usd(queryCost(scannedBytes))}.`;
}

/** Lines of a text. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** `4.2 s`, `3 min`, `2.5 h`, `3 d` */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  const hours = Math.round(seconds / 360) / 10;
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}
