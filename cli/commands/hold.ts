import { HoldError, type StreamHolds } from '../../lib/landing/hold/StreamHolds.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import type { Place } from '../../observe/place.ts';
import {
  type Command,
  type CommandLine,
  didYouMean,
  placeOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** `sluice hold`: keeps rows out of streams that may drop them, and releases streams. */
export const hold: Command = {
  name: 'hold',
  summary:
    'Keep rows out of a stream that delivers late: they wait in overflow. Without a stream: which are held.',
  usage:
    'sluice hold [exposures|events|quarantine …] [--why TEXT | --release [--force]] [--local] [--stage NAME] [options]',
  options: {
    why: { type: 'string', help: 'the reason, which `sluice status` shows (default: held by hand)' },
    release: {
      type: 'boolean',
      help: 'release the streams; without any, all that are held. One that is late stays held until it delivers',
    },
    force: { type: 'boolean', help: 'with --release: release also streams that are late' },
    ...placeOptions,
    json: { type: 'boolean', help: 'print one object: the streams that are held now' },
  },
  examples: [
    'sluice hold --stage prod',
    'sluice hold events --why "The key is being replaced." --stage prod',
    'sluice hold --release --stage prod',
  ],
  async run(line) {
    const tables = readTables(line.positionals);
    const why = textOption(line, 'why');
    const release = line.values['release'] === true;
    if (release && why !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--release and --why: expected only one of them.');
    if (why !== undefined && tables.length === 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', '--why without a stream.');
    const force = line.values['force'] === true;
    if (force && !release) throw new UsageError('SLUICE_USAGE_OPTIONS', '--force without --release.');
    const { held } = await run(line, async (place) => {
      const { holdStreams, readStreamHolds, releaseStreams } = await import('../../observe/holds/holds.ts');
      if (release) return releaseStreams(place, tables.length === 0 ? tableKinds : tables, { force });
      if (tables.length > 0) return holdStreams(place, tables, why ?? 'Held by hand.');
      return readStreamHolds(place);
    });
    writeResult(line, held, () => heldText(held));
    const late = release ? (tables.length === 0 ? tableKinds : tables).filter((table) => held[table]) : [];
    if (late.length > 0)
      writeNote(`Late, and held until it delivers: ${late.join(', ')}. What is put on it may be dropped.\n`);
    if (release || tables.length > 0)
      writeNote(
        'Environments of the collector in use go by it within five minutes, others within fifteen; redrive within one.\n',
      );
    return 0;
  },
};

/** @throws UsageError */
function readTables(names: readonly string[]): readonly TableKind[] {
  return names.map((name) => {
    const table = tableKinds.find((one) => one === name);
    if (table !== undefined) return table;
    throw new UsageError(
      'SLUICE_USAGE_ARGUMENTS',
      `${JSON.stringify(name)} is no stream: expected ${tableKinds.join(', ')}.${didYouMean(name, tableKinds)}`,
    );
  });
}

function heldText(held: StreamHolds['held']): string {
  const rows = tableKinds.flatMap((stream) => {
    const one = held[stream];
    return one === undefined
      ? []
      : [{ stream, since: one.since, by: one.by, until: one.until, why: one.why }];
  });
  return rows.length === 0 ? 'No stream is held.\n' : textTable(rows);
}

async function run(line: CommandLine, work: (place: Place) => Promise<StreamHolds>): Promise<StreamHolds> {
  const { withPlace } = await import('../aws/withPlace.ts');
  return withPlace(line, work, (detail, error) => {
    const name = error instanceof Error ? error.name : '';
    const code = name === 'ResourceNotFoundException' ? 'SLUICE_HOLD_MISSING' : 'SLUICE_HOLD_REFUSED';
    return new HoldError(code, detail, { cause: error });
  });
}
