import type { RedriveReport } from '../../operate/quarantine/redriveQuarantine.ts';
import { textTable } from '../terminal/output.ts';

/** What became of quarantined rows, a line for each fate. */
export function fatesText(
  { found, delivered, refused, ignored, failed }: RedriveReport,
  dryRun: boolean,
): string {
  const landed = dryRun ? 'that would be delivered' : 'delivered';
  const lines: [string, number][] = [
    ['found in quarantine', found],
    [`exposures ${landed}`, delivered.exposures],
    [`events ${landed}`, delivered.events],
    ...Object.entries(refused).map(([code, n]): [string, number] => [`still refused: ${code}`, n]),
    ...(ignored > 0 ? [['ignored by configuration', ignored] satisfies [string, number]] : []),
    ...Object.entries(failed).map(([code, n]): [string, number] => [`not accepted: ${code}`, n]),
  ];
  return textTable(lines.map(([what, n]) => ({ what, n })));
}
