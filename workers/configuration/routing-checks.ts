// What the routing rules of a whole document owe each other: groups, gateways and calendars that they name
// exist, nobody reserves more lines than a group has, and who needs rates has an account.
import type { DocumentOf } from '../../core/configuration/model.ts';
import type { NameListDocument, ScheduleDocument } from '../../core/configuration/routing-model.ts';
import { type DocumentProblem, documentProblem, problemsMax } from './document-problem.ts';

type Document = Pick<
  DocumentOf<{ readonly name: string }>,
  'gatewayGroups' | 'mappingGateways' | 'routingGateways' | 'calendars'
>;
type GatewayCollection = 'mappingGateways' | 'routingGateways';

/** Of what is asked together with the rates of an account. */
const noAccount = 'is of a gateway without an account; expected account beside it';

interface RoutingChecks {
  readonly groups: ReadonlyMap<string, number>;
  readonly calendars: ReadonlySet<string>;
  readonly names: { readonly [collection in GatewayCollection]: ReadonlySet<string> };
  readonly report: (path: string, value: unknown, reason: string) => void;
}

export function checkRouting(
  document: Document,
  place: (collection: GatewayCollection, name: string) => string,
  problems: DocumentProblem[],
): void {
  const checks: RoutingChecks = {
    groups: new Map((document.gatewayGroups ?? []).map(({ name, lineLimit }) => [name, lineLimit])),
    calendars: namesOf(document.calendars),
    names: {
      mappingGateways: namesOf(document.mappingGateways),
      routingGateways: namesOf(document.routingGateways),
    },
    report: (path, value, reason) => {
      if (problems.length < problemsMax) problems.push(documentProblem(path, value, reason));
    },
  };
  for (const gateway of document.mappingGateways) {
    if (problems.length >= problemsMax) return;
    const path = place('mappingGateways', gateway.name);
    checkMembership(checks, path, gateway);
    checkGroupList(checks, `${path}.routingGroups`, gateway.routingGroups);
    checkGatewayList(checks, `${path}.routingGateways`, gateway.routingGateways, 'routingGateways');
    checkSchedules(checks, `${path}.scheduledCapacity`, gateway.scheduledCapacity);
    if (gateway.callLevel !== undefined && gateway.account === undefined) {
      checks.report(`${path}.callLevel`, gateway.callLevel, noAccount);
    }
  }
  for (const gateway of document.routingGateways) {
    if (problems.length >= problemsMax) return;
    const path = place('routingGateways', gateway.name);
    checkMembership(checks, path, gateway);
    checkGroupList(checks, `${path}.mappingGroups`, gateway.mappingGroups);
    checkGatewayList(checks, `${path}.mappingGateways`, gateway.mappingGateways, 'mappingGateways');
    checkSchedules(checks, `${path}.scheduledCapacity`, gateway.scheduledCapacity);
    checkSchedules(checks, `${path}.scheduledPriority`, gateway.scheduledPriority);
    if (gateway.feerateRestrict && gateway.account === undefined) {
      checks.report(`${path}.feerateRestrict`, true, noAccount);
    }
  }
}

function checkMembership(
  { groups, report }: RoutingChecks,
  path: string,
  gateway: { readonly groups?: string[] | undefined; readonly reservedLines?: number | undefined },
): void {
  const { reservedLines = 0 } = gateway;
  const members = gateway.groups ?? [];
  for (const [index, name] of members.entries()) {
    if (!groups.has(name)) report(`${path}.groups[${index}]`, name, noGroup);
  }
  if (reservedLines === 0) return;
  if (members.length === 0) {
    report(`${path}.reservedLines`, reservedLines, 'is of no group; expected groups beside it');
  }
  for (const name of members) {
    const lineLimit = groups.get(name) ?? 0;
    if (!groups.has(name) || reservedLines <= lineLimit) continue;
    const reason =
      lineLimit === 0
        ? `is of group ${JSON.stringify(name)}, which has no lineLimit; expected one`
        : `is above the ${lineLimit} lines of group ${JSON.stringify(name)}; expected at most ${lineLimit}`;
    report(`${path}.reservedLines`, reservedLines, reason);
  }
}

const noGroup = 'is no gateway group that exists; expected the name of a gateway group';

function checkGroupList(
  { groups, report }: RoutingChecks,
  path: string,
  list: NameListDocument | undefined,
): void {
  for (const [index, name] of (list?.names ?? []).entries()) {
    if (!groups.has(name)) report(`${path}.names[${index}]`, name, noGroup);
  }
}

function checkGatewayList(
  { names, report }: RoutingChecks,
  path: string,
  list: NameListDocument | undefined,
  collection: GatewayCollection,
): void {
  const kind = collection === 'mappingGateways' ? 'mapping' : 'routing';
  for (const [index, name] of (list?.names ?? []).entries()) {
    if (names[collection].has(name)) continue;
    const reason = `is no ${kind} gateway that exists; expected the name of a ${kind} gateway`;
    report(`${path}.names[${index}]`, name, reason);
  }
}

function checkSchedules(
  { calendars, report }: RoutingChecks,
  path: string,
  entries: readonly ScheduleDocument[] | undefined,
): void {
  for (const [index, { calendar }] of (entries ?? []).entries()) {
    if (calendar === undefined || calendars.has(calendar)) continue;
    const reason = 'is no name of a calendar that exists; expected the name of a calendar';
    report(`${path}[${index}].calendar`, calendar, reason);
  }
}

function namesOf(entities: readonly { readonly name: string }[]): ReadonlySet<string> {
  return new Set(entities.map(({ name }) => name));
}
