// When rules about numbers hold, as rows of the snapshot.
import type { DocumentOf } from '../../core/configuration/model.ts';
import type { StoredSchedule } from '../../core/configuration/open-numbers.ts';
import type { ScheduleDocument } from '../../core/configuration/routing-model.ts';
import { compileCalendar } from './compile-billing.ts';
import { windowCalendar } from './compile-schedules.ts';

export interface ScheduleRows {
  rowOf(schedule: ScheduleDocument): number;
  readonly stored: readonly StoredSchedule[];
}

export function scheduleRows(document: DocumentOf<{ readonly name: string }>): ScheduleRows {
  const calendars = new Map(document.calendars.map(({ name }, row) => [name, row]));
  const rows = new Map<string, number>();
  const stored: StoredSchedule[] = [];
  return {
    stored,
    rowOf({ calendar, working = true, days, from, to }): number {
      const key = JSON.stringify([calendar, working, days, from, to]);
      const known = rows.get(key);
      if (known !== undefined) return known;
      rows.set(key, stored.length);
      const own =
        calendar === undefined
          ? compileCalendar(windowCalendar({ days, from, to }))
          : calendars.get(calendar)!;
      return stored.push({ calendar: own, working }) - 1;
    },
  };
}
