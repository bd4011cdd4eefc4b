/**
 * The names that are nearest to a word that was mistyped: by letters, whatever their case and the dashes before them; a
 * name that begins with the word is as near as one of one letter.
 *
 * @returns All of the least distance; none when even that is far.
 */
export function nearestNames<Name extends string>(word: string, known: readonly Name[]): readonly Name[] {
  const bare = word.replace(/^-+/, '').toLowerCase();
  const most = bare.length <= 4 ? 1 : bare.length <= 8 ? 2 : 3;
  const near = known
    .map((name) => {
      const plain = name.replace(/^-+/, '').toLowerCase();
      const begins = bare.length > 1 && plain.startsWith(bare);
      return { name, distance: begins ? Math.min(1, editDistance(bare, plain)) : editDistance(bare, plain) };
    })
    .filter(({ distance }) => distance <= most);
  const least = Math.min(...near.map(({ distance }) => distance));
  return near.filter(({ distance }) => distance === least).map(({ name }) => name);
}

/** Letters to insert, remove or change, or neighbours to swap, to make one word of another (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[other.length] ?? 0;
}
