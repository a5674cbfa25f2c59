// The schema of when something of a gateway holds, and of the times and weekdays that calendars have too.
import { z } from 'zod';
import {
  type ScheduleDocument,
  type WeekdayName,
  weekdays,
} from '../../core/configuration/routing-model.ts';
import { flag, name } from './field-schemas.ts';

const timeOfDayError = 'a time of day like "08:00", from "00:00" to "24:00"';
export const timeOfDay: z.ZodString = z
  .string(timeOfDayError)
  .regex(/^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?|24:00(?::00)?)$/, timeOfDayError);
export const weekday: z.ZodType<WeekdayName> = z.enum(weekdays, 'a weekday like monday');

export const scheduleFields: {
  [Field in keyof Required<ScheduleDocument>]: z.ZodOptional<
    z.ZodType<NonNullable<ScheduleDocument[Field]>>
  >;
} = {
  calendar: name.optional(),
  working: flag.optional(),
  days: z
    .array(weekday, 'a list of weekdays')
    .min(1, 'at least one weekday')
    .max(7, 'at most 7 weekdays')
    .optional(),
  from: timeOfDay.optional(),
  to: timeOfDay.optional(),
};

/** A calendar, or days and hours; not both, and not neither. */
export function checkSchedule(entry: ScheduleDocument, context: z.RefinementCtx): void {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  const { calendar, working, days, from, to } = entry;
  const hasWindow = days !== undefined || from !== undefined || to !== undefined;
  if (calendar !== undefined && hasWindow) {
    refuse('calendar', 'either a calendar, or days, from and to');
  } else if (calendar === undefined && !hasWindow) {
    refuse('calendar', 'the name of a calendar, or days, from and to');
  }
  if (working !== undefined && calendar === undefined) refuse('working', 'a calendar beside it');
  const start = from ?? '00:00';
  if (start === (to ?? '24:00') || start.startsWith('24:')) {
    refuse('from', 'another time than `to`; the whole day is from "00:00" to "24:00"');
  }
}
