import {
  type Answer,
  dayStates,
  decides,
  LOAD_TABLE,
  loadKinds,
  PLAN_TABLE,
} from '../../lib/drops/dayTable.ts';
import { withRows } from './withRows.ts';

/**
 * docs/ingest.md with the rows of its two tables of a day's states written anew. All other text stays.
 *
 * @throws RangeError for a page without one of these tables.
 */
export function ingestPage(page: string): string {
  const planned = withRows(page, 'answer of the plan', answerRows(PLAN_TABLE, dayStates));
  return withRows(planned, 'answer of the load', answerRows(LOAD_TABLE, loadKinds));
}

/** A row for each answer, with the state that follows where it decides. */
function answerRows<Column extends string>(
  table: Readonly<Record<string, Answer<Column>>>,
  columns: readonly NoInfer<Column>[],
): string[] {
  return Object.values(table).map((answer) => {
    const cells = columns.map((column) => (decides(answer, column) ? answer.next : ''));
    return `| ${[answer.means, ...cells].join(' | ')} |`;
  });
}
