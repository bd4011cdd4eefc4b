import type { RequestedDays } from '../../operate/ingest/requests.ts';
import { textTable } from '../terminal/output.ts';

/** Formats what a dry run would request: a line for each dataset or export, with what the ledger says of its days. */
export function requestedText(asked: readonly (RequestedDays & { readonly name: string })[]): string {
  return textTable(
    asked.map(({ name, from, to, days, states }) => ({
      name,
      from,
      to,
      days,
      'in the ledger': Object.entries(states ?? {})
        .map(([state, count]) => `${state}: ${count}`)
        .join(', '),
    })),
  );
}
