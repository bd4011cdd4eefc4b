/**
 * Athena's list price for SQL in us-east-1 and most other regions. Athena bills the bytes that a query reads, rounded up to
 * a megabyte, at least 10 MB; failed queries and DDL are free. https://aws.amazon.com/athena/pricing/
 */
export const ATHENA_PRICE = { usdPerTerabyte: 5, leastBytes: 10_000_000 } as const;

const TERABYTE = 1_000_000_000_000;

/** The price of one query in USD, by the bytes that it reads. */
export function queryCost(bytes: number): number {
  return (Math.max(bytes, ATHENA_PRICE.leastBytes) / TERABYTE) * ATHENA_PRICE.usdPerTerabyte;
}

/** An amount for people: with cents from $0.10, else with two significant digits, e.g. `$2.40`, `$0.0059`. */
export function usd(amount: number): string {
  if (amount >= 0.1) return `$${amount.toFixed(2)}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(digits).replace(/0+$/, '')}`;
}
