import type { DeliveryUnit } from './DeliveryUnit.ts';

/** The bytes of each document, in order, read back from the journal; those of one record in one go. */
export async function* unitBytes(
  units: readonly DeliveryUnit[],
): AsyncGenerator<{ readonly unit: DeliveryUnit; readonly bytes: Uint8Array }> {
  for (let at = 0; at < units.length; ) {
    const first = units[at];
    if (first === undefined) return;
    const ofRecord: DeliveryUnit[] = [];
    for (let unit: DeliveryUnit | undefined = first; unit?.entry === first.entry; unit = units[at]) {
      ofRecord.push(unit);
      at += 1;
    }
    const end = ofRecord.at(-1)?.end ?? first.end;
    const bytes = await first.entry.segment.read(first.entry.position + first.start, end - first.start);
    for (const unit of ofRecord) {
      yield { unit, bytes: bytes.subarray(unit.start - first.start, unit.end - first.start) };
    }
  }
}
