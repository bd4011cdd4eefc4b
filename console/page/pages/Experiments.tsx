import type { ExperimentList, JudgedExperiment } from '../../../observe/experiments/checkExperiments.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import type { Tone } from '../parts/figures.ts';
import { Filters, TextFilter } from '../parts/filters.tsx';
import { Answered, Badge, Card, DocsLink, Empty, Page } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable } from '../parts/tables.tsx';

/** What needs a look comes first. */
const TONES: Readonly<Record<JudgedExperiment['verdict'], Tone>> = {
  mismatch: 'bad',
  suspicious: 'warning',
  no_mismatch: 'good',
  not_tested: 'plain',
};
/** The verdicts in the order in which experiments are listed. */
const ORDER = Object.keys(TONES);

/** A smaller p-value has no digits that matter. */
const LEAST_P = 0.0001;

/** A p-value to three digits. */
function pText(p: number): string {
  return p < LEAST_P ? `< ${LEAST_P}` : String(Number(p.toPrecision(3)));
}

/** The page Experiments: whether units are split as expected, a line an experiment. */
export function Experiments() {
  const { unit } = useConsole().route.params;
  const list = useApi<ExperimentList>('/api/experiments', { unit });
  return (
    <Page title="Experiments">
      <Filters>
        <TextFilter label="Units by" name="unit" value={unit} placeholder="user_id" />
      </Filters>
      <Card>
        <Answered state={list}>
          {({ experiments, unit: by }) =>
            experiments.length === 0 ? (
              <Empty title={`No unit by ${by} was exposed in production.`}>
                <p>
                  A row is here once its stream delivered it. <a href={link('/live')}>See what comes in</a>.
                </p>
              </Empty>
            ) : (
              <DataTable<JudgedExperiment>
                caption="Experiments with their splits"
                rows={experiments.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict))}
                keyOf={({ experiment }) => experiment}
                params={['name']}
                unfold={(experiment) => <Groups experiment={experiment} />}
                columns={[
                  ['Experiment', ({ experiment }) => experiment.slice(0, NAME_SHOWN)],
                  [
                    'Split',
                    ({ verdict }) => <Badge tone={TONES[verdict]}>{verdict.replaceAll('_', ' ')}</Badge>,
                  ],
                  ['p', ({ p_value: p }) => (p === null ? '' : pText(p)), 'number'],
                  ['Units', ({ units }) => units, 'number'],
                  ['Crossovers', ({ crossovers }) => crossovers, 'number'],
                ]}
              />
            )
          }
        </Answered>
      </Card>
    </Page>
  );
}

/** Characters of a name that are shown: anybody can have sent it. */
const NAME_SHOWN = 120;

/** The groups of an experiment that is unfolded. */
function Groups({ experiment: { experiment, groups, verdict } }: { readonly experiment: JudgedExperiment }) {
  return (
    <>
      {verdict === 'not_tested' && (
        <p class="faint">
          A split is tested once <code>experiments</code> of sluice.config.ts has its shares:{' '}
          <DocsLink page="docs/experiments.md" />
        </p>
      )}
      <DataTable
        caption={`Groups of ${experiment}`}
        rows={groups}
        keyOf={({ group_id }) => group_id}
        columns={[
          ['Group', ({ group_name, group_id }) => (group_name ?? group_id).slice(0, NAME_SHOWN)],
          ['ID', ({ group_id }) => group_id.slice(0, NAME_SHOWN), 'mono'],
          ['Units', ({ units }) => units, 'number'],
          ['Expected', ({ expected }) => (expected === null ? '' : Math.round(expected)), 'number'],
          ['Crossovers', ({ crossovers }) => crossovers, 'number'],
        ]}
      />
    </>
  );
}
