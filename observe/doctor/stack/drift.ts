import {
  DescribeStackDriftDetectionStatusCommand,
  type DescribeStackDriftDetectionStatusCommandOutput,
  DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { eachAttempt } from '../../../lib/base/retry.ts';
import { counted } from '../../../lib/base/text.ts';
import { revertDriftWords } from '../../deploymentCommands.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { type Look, missing, unsaid } from '../Look.ts';

/** The looks at a detection of drift, which takes some minutes: half an hour of them. */
const LOOKS = { tries: 361, leastMs: 2_500, baseMs: 5_000, capMs: 5_000 } as const;

/** What is told of a detection that still runs: what AWS lists before its end may be of the one before. */
const GIVEN_UP =
  'The detection had not ended after 30 minutes: what differs by this look may be of an earlier detection.';

/** What differs from the template, by CloudFormation's own comparison. It takes minutes, so it is made on demand. */
export const driftLook: Look = {
  name: 'drift',
  expects: 'no resource of the stack was deleted or changed manually, as CloudFormation sees it',
  async find({ clients: { cloudFormation: client }, stackName: StackName, wait, random, signal, commands }) {
    const { StackDriftDetectionId } = await client.send(new DetectStackDriftCommand({ StackName }));
    const looksAt = { ...LOOKS, wait, random, ...(signal === undefined ? {} : { signal }) };
    let detection: DescribeStackDriftDetectionStatusCommandOutput | undefined;
    for await (const _ of eachAttempt(looksAt)) {
      detection = await client.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }));
      if (detection.DetectionStatus !== 'DETECTION_IN_PROGRESS') break;
    }
    const revert = revertDriftWords(StackName).map((words) => commands.aws(...words));
    const findings: Finding[] = [];
    for await (const page of paginateDescribeStackResourceDrifts(
      { client },
      { StackName, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
    ))
      findings.push(...(page.StackResourceDrifts ?? []).map((drift) => judgeDrift(drift, revert)));
    // After a failure the others were compared: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackDriftDetectionStatus.html
    if (detection?.DetectionStatus !== 'DETECTION_COMPLETE') {
      const isOver = detection?.DetectionStatus === 'DETECTION_FAILED';
      const unstated = isOver ? 'No reason was given.' : GIVEN_UP;
      const { DetectionStatusReason: reason = unstated } = detection ?? {};
      findings.push(unsaid(`CloudFormation could not compare all resources of ${StackName}`, reason));
    }
    return findings;
  },
};

/**
 * Judges a resource that differs from the template.
 *
 * @param revert Commands that make CloudFormation recreate what was deleted and revert what was changed: they create a change
 *   set that compares the template with the resources, show it, and execute it.
 *   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
 */
export function judgeDrift(found: Partial<StackResourceDrift>, revert: readonly string[]): Finding {
  const name = `${found.ResourceType} ${found.PhysicalResourceId}`;
  if (found.StackResourceDriftStatus === 'DELETED') return missing(`The resource ${name}`, 'stack', revert);
  const { PropertyDifferences: properties = [] } = found;
  const differences = properties.map(
    ({ PropertyPath, ExpectedValue, ActualValue }) =>
      `${PropertyPath}: got ${ActualValue || 'none'}, expected ${ExpectedValue || 'none'}`,
  );
  const points = counted(differences.length, 'point');
  const told = seenNow(
    `The resource ${name} differs from its template in ${points}, the first ${properties[0]?.PropertyPath ?? 'unnamed'}`,
    `${name}: ${differences.join('; ')}.`,
  );
  return finding('SLUICE_FINDING_DRIFT', { case: 'stack', ...told }, revert);
}
