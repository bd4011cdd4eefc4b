/** The marks of a day in the calendar of `sluice ingest status`, by dataset. @param text Of which no more than a block of days is read. */
export function calendarMarks(text: string, day: string): Readonly<Record<string, string>> {
  const [head = '', , ...rows] = (text.split('\n\n')[0] ?? '').split('\n');
  const at = head.split(/ +/).findIndex((label) => label !== 'dataset' && day.endsWith(label));
  return Object.fromEntries(
    rows.map((row) => row.split(/ +/)).map((cells) => [cells[0] ?? '', cells[at] ?? '']),
  );
}
