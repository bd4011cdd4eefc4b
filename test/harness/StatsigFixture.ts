import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const fixtureSchema = z.strictObject({
  /** npm package of the SDK. */
  sdk: z.string(),
  version: z.string(),
  /** Where the request comes from. */
  source: z.string(),
  method: z.string(),
  path: z.string(),
  /** Query string as sent, without the question mark. */
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  /** The body's bytes as sent, base64. */
  body: z.string(),
});

/** One request as an SDK sent it. */
export type StatsigFixture = z.output<typeof fixtureSchema>;

const folder = new URL('../fixtures/statsig/', import.meta.url);

/** A request of {@link statsigFixtures}. */
interface NamedFixture {
  /** `<folder>/<file>`. */
  readonly name: string;
  readonly fixture: StatsigFixture;
}

/** Every recorded request. */
export function statsigFixtures(): readonly NamedFixture[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: sdk }) =>
      readdirSync(new URL(`${sdk}/`, folder))
        .filter((file) => /^\d+\.json$/.test(file))
        .sort()
        .map((file): NamedFixture => {
          const name = `${sdk}/${file}`;
          return {
            name,
            fixture: fixtureSchema.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))),
          };
        }),
    );
}
