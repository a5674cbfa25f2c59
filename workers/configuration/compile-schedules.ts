// When something of a gateway holds, as rows of the snapshot's calendars: days and hours of a document become a
// calendar without a name, in the node's own zone, once however many gateways have them.
import type { CalendarDocument, DocumentOf } from '../../core/configuration/model.ts';
import type { StoredTime } from '../../core/configuration/open-numbers.ts';
import { type ScheduleDocument, weekdays } from '../../core/configuration/routing-model.ts';
import type { ScheduledValue } from '../../core/configuration/snapshot.ts';

type Document = Pick<
  DocumentOf<{ readonly name: string }>,
  'calendars' | 'mappingGateways' | 'routingGateways'
>;

export interface Schedules {
  /** Those of the document, then those of days and hours. */
  readonly calendars: readonly CalendarDocument[];
  readonly timeOf: (entry: ScheduleDocument) => StoredTime;
  readonly scheduled: <Entry extends ScheduleDocument>(
    entries: readonly Entry[] | undefined,
    value: (entry: Entry) => number,
  ) => ScheduledValue[];
}

export function createSchedules({
  calendars: named,
  mappingGateways,
  routingGateways,
}: Document): Schedules {
  const calendars: CalendarDocument[] = [...named];
  const rowOfName = new Map(named.map(({ name }, row) => [name, row]));
  const rowOfWindow = new Map<string, number>();

  function calendarRow({ calendar, days, from, to }: ScheduleDocument): number {
    if (calendar !== undefined) return rowOfName.get(calendar)!;
    const key = JSON.stringify([days, from, to]);
    let row = rowOfWindow.get(key);
    if (row === undefined) {
      row = calendars.length;
      rowOfWindow.set(key, row);
      calendars.push(windowCalendar({ days, from, to }));
    }
    return row;
  }

  for (const gateway of [...mappingGateways, ...routingGateways]) {
    gateway.scheduledCapacity?.forEach(calendarRow);
    gateway.scheduledDialPlans?.forEach(calendarRow);
    gateway.scheduledPrefixes?.forEach(calendarRow);
    if ('scheduledPriority' in gateway) gateway.scheduledPriority?.forEach(calendarRow);
  }

  const timeOf = (entry: ScheduleDocument): StoredTime => ({
    calendar: calendarRow(entry),
    working: entry.working ?? true,
  });
  return {
    calendars,
    timeOf,
    scheduled: (entries, value) =>
      (entries ?? []).map((entry) => ({ ...timeOf(entry), value: value(entry) })),
  };
}

function windowCalendar({
  days = [...weekdays],
  from = '00:00',
  to = '24:00',
}: ScheduleDocument): CalendarDocument {
  return { name: '', workingDays: days, from, to, holidays: [] };
}
