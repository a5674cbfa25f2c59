// What the rules about numbers owe the rest of a whole document: calendars that exist.
import type { DialPlansDocument } from '../../core/configuration/number-model.ts';
import type { PlaceOf } from './document-checks.ts';
import { type DocumentProblem, documentProblem, problemsMax } from './document-problem.ts';
import type { StoredDocument } from './stored-document.ts';

export function checkNumbers(
  document: StoredDocument,
  place: PlaceOf,
  problems: DocumentProblem[],
): void {
  const calendars = new Set(document.calendars.map(({ name }) => name));
  for (const collection of ['mappingGateways', 'routingGateways'] as const) {
    for (const gateway of document[collection]) {
      checkCalendars(gateway, calendars, (path, calendar) => {
        if (problems.length >= problemsMax) return;
        const at = `${place(collection, gateway.name)}.${path}`;
        const reason = 'is no name of a calendar that exists; expected the name of a calendar';
        problems.push(documentProblem(at, calendar, reason));
      });
    }
  }
}

function checkCalendars(
  { scheduledDialPlans = [] }: DialPlansDocument,
  calendars: ReadonlySet<string>,
  report: (path: string, calendar: string) => void,
): void {
  for (const [index, { calendar }] of scheduledDialPlans.entries()) {
    if (calendar === undefined || calendars.has(calendar)) continue;
    report(`scheduledDialPlans[${index}].calendar`, calendar);
  }
}
