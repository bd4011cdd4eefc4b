import { parseErrorKey } from '../../tables/errorKey.ts';
import type { Redrive, Redriven, Try } from './Redrive.ts';
import { type FailedRecord, readErrorLine } from './readErrorLine.ts';
import { splitRecord } from './splitRecord.ts';

/** Records and bytes that are put into quarantine at once: an error object may hold as much as a stream's buffer. */
const GROUP_RECORDS = 500;
const GROUP_BYTES = 4_194_304;

/** Why an error object stays where it is. */
interface Kept {
  readonly code: string;
  readonly detail: string;
  readonly hopeless?: true;
}

/**
 * Puts each row of an error object's records into quarantine, then removes the object. What fails conversion would fail
 * again, so nothing of it is put on a stream by itself; rows of quarantine itself can't even go there.
 */
export async function quarantineErrors(
  key: string,
  { store, quarantine, clock }: Redrive,
  { deadline }: Try,
): Promise<Redriven | Kept> {
  const parsed = parseErrorKey(key);
  if (parsed === null) return { outcome: 'ignored' };
  if (parsed.kind === 'quarantine')
    return { code: 'SLUICE_REDRIVE_QUARANTINE_REFUSED', detail: parsed.outputType, hopeless: true };
  const lines = await store.lines(key);
  if (lines === null) return { outcome: 'gone' };

  let documents = 0;
  let group: FailedRecord[] = [];
  let bytes = 0;
  const keep = async () => {
    if (group.length === 0) return true;
    const kept = clock.now() < deadline && (await quarantine(group, key, deadline));
    documents += group.length;
    [group, bytes] = [[], 0];
    return kept;
  };
  for await (const line of lines) {
    if (line === '') continue;
    for (const record of splitRecord(readErrorLine(line, parsed.outputType))) {
      group.push(record);
      bytes += record.raw.length;
      if ((group.length >= GROUP_RECORDS || bytes >= GROUP_BYTES) && !(await keep()))
        return notKept(documents);
    }
  }
  if (!(await keep())) return notKept(documents);
  await store.remove(key);
  return { outcome: 'quarantined', documents };
}

function notKept(documents: number): Kept {
  return { code: 'SLUICE_REDRIVE_NOT_QUARANTINED', detail: `Before or at row ${documents}.` };
}
