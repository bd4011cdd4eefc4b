import type { Check } from '../Check.ts';
import { finding } from '../Finding.ts';
import type { DataLakeSettings } from '../openLakeFormation.ts';

/** Stands for whoever IAM lets in. https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html */
const EVERYBODY_OF_IAM = 'IAM_ALLOWED_PRINCIPALS';

/** Whether IAM alone decides about new databases and tables. */
export const dataLake: Check = {
  name: 'data-lake',
  expects: "Lake Formation's defaults leave new databases and tables to IAM",
  needs: ['region'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_LAKE_FORMATION'],
  permissions: ['lakeformation:GetDataLakeSettings'],
  async run(visit) {
    const { lakeFormation } = await visit.clients();
    const settings = await visit.ask('lakeformation:GetDataLakeSettings', () =>
      lakeFormation.getDataLakeSettings(),
    );
    const withheld = withheldFromIam(settings);
    return withheld.length === 0
      ? []
      : [
          finding(
            'SLUICE_DOCTOR_LAKE_FORMATION',
            `${EVERYBODY_OF_IAM} gets no ALL on ${withheld.join(' and ')}.`,
          ),
        ];
  },
};

/** Of what IAM does not decide alone: `new databases`, `new tables`. */
function withheldFromIam(settings: DataLakeSettings): readonly string[] {
  const left = (defaults: DataLakeSettings['CreateTableDefaultPermissions']) =>
    defaults.some(
      ({ Principal, Permissions = [] }) =>
        Principal?.DataLakePrincipalIdentifier === EVERYBODY_OF_IAM && Permissions.includes('ALL'),
    );
  return [
    ...(left(settings.CreateDatabaseDefaultPermissions) ? [] : ['new databases']),
    ...(left(settings.CreateTableDefaultPermissions) ? [] : ['new tables']),
  ];
}
