import { MINUTE_MS } from '../../../lib/base/time.ts';
import type { GroupRow } from '../../../lib/groups/GroupRow.ts';

/** When a pull of specs saw the rule first. */
const FIRST_SEEN = Date.UTC(2026, 10, 1, 10);

/** A row of the table of groups: a group of the experiment `button`, or what it is with other members. */
export function groupRow(more: Partial<GroupRow>): GroupRow {
  return {
    experimentId: 'button',
    entity: 'experiment',
    layerId: null,
    ruleId: 'buttonTest',
    groupName: 'Test',
    kind: 'group',
    expectedSplit: 0.5,
    firstSeen: FIRST_SEEN,
    lastSeen: FIRST_SEEN + 90 * MINUTE_MS,
    ...more,
  };
}
