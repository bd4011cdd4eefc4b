import { writeSync } from 'node:fs';
import { writeJsonFile } from '../../src/disk/files.ts';
import { LineJournal } from '../../src/disk/LineJournal.ts';

// Run where files may not grow beyond a kilobyte or less, so that a write takes a part of a line, as with a full disk:
// appends until that happens, then as much as fits, tries to compact and to replace, and prints its acknowledged lines.
const [, , journalFile = '', otherFile = ''] = process.argv;
const journal = LineJournal.create<string>(journalFile, []);
const acknowledged: string[] = [];
const failures: string[] = [];

function attempt(what: string, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    failures.push(`${what}: ${error instanceof Error && 'code' in error ? error.code : error}`);
    return false;
  }
}
function append(line: string): boolean {
  const done = attempt('append', () => journal.append(line));
  if (done) acknowledged.push(line);
  return done;
}

writeJsonFile(otherFile, 'old');
while (append(`long ${'x'.repeat(190)}`));
append('long again, and whole beyond the end of what is left: '.padEnd(300, 'y'));
append('short');
attempt('replace', () => writeJsonFile(otherFile, 'z'.repeat(5_000)));
journal.compact(Array.from({ length: 100 }, (_, n) => `longer than it was: ${n}`));
append('last');
journal.compact([...acknowledged]);
append('after');
journal.close();
writeSync(1, JSON.stringify({ acknowledged, failures }));
