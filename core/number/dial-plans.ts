// The dial plans of a gateway as a call meets them: which of them holds at its start, and what it does.
// Whoever asks for an explanation is told by the same code, through `trace`.
import type { DialPlan, DialPlans } from '../configuration/number-rules.ts';
import {
  applyDialRule,
  dialRuleOf,
  dialRuleText,
  dialTargetCount,
  type Random32,
} from './dial-plan.ts';
import { isScheduled } from './schedule.ts';

/** Told of each step, with texts of byte strings; absent for calls. */
export type NumberTrace = (step: string, result: string) => void;

/** The call whose numbers are rewritten. */
export interface NumberContext {
  /** Start of the call, ms since 1970. */
  readonly at: number;
  readonly random32: Random32;
  readonly trace?: NumberTrace | undefined;
}

/** `what`: the number's name for the trace. */
export function planned(
  plans: DialPlans | null,
  number: string,
  context: NumberContext,
  what: string,
): string {
  if (plans === null) return number;
  const plan = planNow(plans, context.at);
  if (plan === null) return number;
  const rule = dialRuleOf(plan, number);
  const { trace } = context;
  if (rule < 0) {
    trace?.(`${what} dial plan`, `${number}: no rule matches`);
    return number;
  }
  const result = applyDialRule(plan, rule, number, context.random32);
  trace?.(`${what} dial plan`, `${number} becomes ${result} by ${ruleText(plan, rule)}`);
  return result;
}

function planNow({ usual, scheduled }: DialPlans, at: number): DialPlan | null {
  for (const { schedule, plan } of scheduled) if (isScheduled(schedule, at)) return plan;
  return usual;
}

function ruleText(plan: DialPlan, rule: number): string {
  const count = dialTargetCount(plan, rule);
  const chance = count > 1 ? `, one of ${count} targets at random` : '';
  return `"${dialRuleText(plan, rule)}"${chance}`;
}
