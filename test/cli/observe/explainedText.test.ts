import { expect, it } from '@jest/globals';
import { type ExplainedFinding, explainedText } from '../../../cli/observe/explainedText.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';

const explained: ExplainedFinding = {
  code: 'SLUICE_FINDING_QUOTA',
  cause: 'Of any case.',
  cure: 'What cures any.',
  section: 'A section',
};
const found: Finding = {
  code: 'SLUICE_FINDING_QUOTA',
  case: null,
  severity: 'problem',
  part: null,
  title: 'A title',
  statement: 'A title',
  since: null,
  detail: 'A title',
  cause: 'Of this case.',
  cure: 'What cures this.',
  commands: [],
  section: 'A section',
};
const SEE = 'See docs/operate.md, "A section".';

it.each<{
  readonly what: string;
  readonly more: Partial<ExplainedFinding>;
  readonly lines: readonly string[];
}>([
  { what: 'that nobody looked for is its cause and cure', more: {}, lines: ['What cures any.', SEE] },
  { what: 'that has no section names none', more: { section: null }, lines: ['What cures any.'] },
  {
    what: 'that is not found here says so',
    more: { found: [], more: 0 },
    lines: ['`sluice status` does not find it here now.', 'What cures any.', SEE],
  },
  {
    what: 'that is found has each case, and how many more there are',
    more: { found: [found], more: 2 },
    lines: ['SLUICE_FINDING_QUOTA: A title', 'Of this case.', 'What cures this.', SEE, '… and 2 more.'],
  },
  {
    what: 'of which all cases are shown counts no others',
    more: { found: [found], more: 0 },
    lines: ['SLUICE_FINDING_QUOTA: A title', 'Of this case.', 'What cures this.', SEE],
  },
])('the text of a code $what', ({ more, lines }) => {
  const text = explainedText({ ...explained, ...more });
  expect(text.split('\n')).toEqual(['SLUICE_FINDING_QUOTA: Of any case.', ...lines, '']);
});
