import { HoldError, type StreamHolds } from '../../lib/landing/hold/StreamHolds.ts';
import { everyStream, parseStreamId, type StreamId } from '../../lib/tables/streams.ts';
import type { Deployment } from '../../observe/deployment.ts';
import {
  type Command,
  type CommandLine,
  didYouMean,
  targetOptions,
  textOption,
  UsageError,
} from '../terminal/commandLine.ts';
import { textTable, writeNote, writeResult } from '../terminal/output.ts';

/** `sluice hold`: keeps rows out of streams that may drop them, and releases streams. */
export const hold: Command = {
  name: 'hold',
  summary:
    'Keep rows out of a stream that delivers late: they become objects of the bucket. Without a stream: which are held.',
  usage:
    'sluice hold [landing|landing-2 …] [--why TEXT | --release [--force]] [--local] [--stage NAME] [options]',
  options: {
    why: { type: 'string', help: 'the reason, which `sluice status` shows (default: held by hand)' },
    release: {
      type: 'boolean',
      help: 'release the streams; without any, all that are held. One that is late stays held until it delivers',
    },
    force: { type: 'boolean', help: 'with --release: release also streams that are late' },
    ...targetOptions,
    json: { type: 'boolean', help: 'print one object: the streams that are held now' },
  },
  examples: [
    'sluice hold --stage prod',
    'sluice hold landing --why "The key is being replaced." --stage prod',
    'sluice hold --release --stage prod',
  ],
  changes: ({ values, positionals }) => values['release'] === true || positionals.length > 0,
  async run(line) {
    const words = line.positionals;
    for (const word of words) requireStreamWord(word);
    const why = textOption(line, 'why');
    const release = line.values['release'] === true;
    if (release && why !== undefined)
      throw new UsageError('SLUICE_USAGE_OPTIONS', '--release and --why: expected only one of them.');
    if (why !== undefined && words.length === 0)
      throw new UsageError('SLUICE_USAGE_ARGUMENTS', '--why without a stream.');
    const force = line.values['force'] === true;
    if (force && !release) throw new UsageError('SLUICE_USAGE_OPTIONS', '--force without --release.');
    let meant: readonly StreamId[] = [];
    const { held } = await run(line, async (deployment) => {
      const [{ streamsHeldToo, streamsMeant, readStreamHolds }, { holdStreams, releaseStreams }] =
        await Promise.all([import('../../observe/facts/flow/holds.ts'), import('../../operate/holds.ts')]);
      const streams = release
        ? streamsHeldToo(deployment, await readStreamHolds(deployment))
        : everyStream(deployment.config);
      meant = words.flatMap((word) => {
        const some = streamsMeant(streams, word);
        if (some.length === 0) throw unknownStream(word, streams);
        return some;
      });
      if (release && words.length === 0) meant = streams;
      if (release) return releaseStreams(deployment, meant, { force });
      if (words.length > 0) return holdStreams(deployment, meant, why ?? 'Held by hand.');
      return readStreamHolds(deployment);
    });
    writeResult(line, held, () => heldText(held));
    const late = release ? meant.filter((stream) => held[stream] !== undefined) : [];
    if (late.length > 0)
      writeNote(
        `Late, and held until it delivers: ${late.join(', ')}. Records that it gets may be dropped.\n`,
      );
    if (release || words.length > 0)
      writeNote(
        'Environments of the collector in use go by it within five minutes, others within fifteen.\n',
      );
    return 0;
  },
};

/** @throws UsageError if a word names no stream: `landing`, `landing-1`, `landing-2`. */
function requireStreamWord(word: string): void {
  if (parseStreamId(word) === null && word !== 'landing-1') throw unknownStream(word, ['landing']);
}

function unknownStream(word: string, expected: readonly string[]): Error {
  return new UsageError(
    'SLUICE_USAGE_ARGUMENTS',
    `${JSON.stringify(word)} is not a stream: expected ${expected.join(', ')}.${didYouMean(word, expected)}`,
  );
}

function heldText(held: StreamHolds['held']): string {
  const rows = Object.entries(held).flatMap(([stream, hold]) =>
    hold === undefined ? [] : [{ stream, since: hold.since, by: hold.by, until: hold.until, why: hold.why }],
  );
  return rows.length === 0 ? 'No stream is held.\n' : textTable(rows);
}

async function run(
  line: CommandLine,
  work: (deployment: Deployment) => Promise<StreamHolds>,
): Promise<StreamHolds> {
  const { withDeployment } = await import('../aws/withDeployment.ts');
  return withDeployment(line, work, (detail, error) => {
    const name = error instanceof Error ? error.name : '';
    const code = name === 'ResourceNotFoundException' ? 'SLUICE_HOLD_MISSING' : 'SLUICE_HOLD_REFUSED';
    return new HoldError(code, detail, { cause: error });
  });
}
