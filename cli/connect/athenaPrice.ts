/**
 * What Athena bills for SQL, list price of us-east-1 (most regions have the same): by the bytes that a query reads,
 * rounded up to a megabyte, at least 10 of them; failed queries and DDL are free. https://aws.amazon.com/athena/pricing/
 */
export const ATHENA_PRICE = { usdPerTerabyte: 5, leastBytes: 10_000_000 } as const;

const TERABYTE = 1_000_000_000_000;

/** USD for one query that reads so many bytes. */
export function queryCost(bytes: number): number {
  return (Math.max(bytes, ATHENA_PRICE.leastBytes) / TERABYTE) * ATHENA_PRICE.usdPerTerabyte;
}

/** As a person reads it: cents from ten of them on, else two digits that count, e.g. `$2.40`, `$0.0059`. */
export function usd(amount: number): string {
  if (amount >= 0.1) return `$${amount.toFixed(2)}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(digits).replace(/0+$/, '')}`;
}
