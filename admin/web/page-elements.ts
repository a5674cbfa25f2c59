/// <reference lib="dom" />
// The few ways in which the page changes its elements. Text goes in as text, never as markup, and only
// where it differs, so that a selection or a screen reader is left in peace.

export type State = 'good' | 'warn' | 'bad';

export type Cell =
  | string
  | { number: string }
  | { words: string; state: State }
  | { share: number; label: string; state: State };

export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export function showFigure(id: string, text: string): void {
  setText(element(id), text);
}

/** Makes the body of a table hold these rows; rows and cells that are there are used again. */
export function fillRows(id: string, rows: readonly (readonly Cell[])[]): void {
  const body = element(id) as HTMLTableSectionElement;
  while (body.rows.length > rows.length) body.deleteRow(-1);
  for (const [i, cells] of rows.entries()) {
    const row = body.rows[i] ?? body.insertRow();
    for (const [j, cell] of cells.entries()) fillCell(row.cells[j] ?? row.insertCell(), cell);
  }
}

function fillCell(target: HTMLTableCellElement, cell: Cell): void {
  if (typeof cell === 'string') {
    setText(target, cell);
    target.title = cell;
  } else if ('number' in cell) {
    target.className = 'number';
    setText(target, cell.number);
  } else if ('words' in cell) {
    target.dataset.state = cell.state;
    const words = childOf(target, 'span');
    words.className = 'state';
    setText(words, cell.words);
  } else {
    const bar = childOf(target, 'progress');
    bar.max = 100;
    bar.value = cell.share;
    bar.dataset.state = cell.state;
    bar.setAttribute('aria-label', cell.label);
    bar.title = cell.label;
  }
}

function childOf<Name extends 'span' | 'progress'>(
  target: HTMLElement,
  name: Name,
): HTMLElementTagNameMap[Name] {
  const found = target.querySelector(name);
  if (found !== null) return found;
  const made = document.createElement(name);
  target.replaceChildren(made);
  return made;
}

export function fillList(id: string, items: readonly { text: string; state: State }[]): void {
  const list = element(id);
  while (list.children.length > items.length) list.lastElementChild!.remove();
  for (const [i, { text, state }] of items.entries()) {
    const item =
      (list.children[i] as HTMLElement | undefined) ??
      list.appendChild(document.createElement('li'));
    item.dataset.state = state;
    setText(item, text);
  }
}

export function fillTerms(id: string, terms: readonly (readonly [string, string])[]): void {
  const list = element(id);
  while (list.children.length > terms.length * 2) list.lastElementChild!.remove();
  for (const [i, [term, text]] of terms.entries()) {
    const dt = list.children[i * 2] ?? list.appendChild(document.createElement('dt'));
    const dd = list.children[i * 2 + 1] ?? list.appendChild(document.createElement('dd'));
    setText(dt, term);
    setText(dd, text);
  }
}

/** A line through the values, the newest at the right edge; the view box is 120 by 32. */
export function drawTrend(id: string, values: readonly number[], valuesMax: number): void {
  const top = Math.max(1, ...values);
  const points = values.map((value, i) => {
    const x = 120 - ((values.length - 1 - i) * 120) / (valuesMax - 1);
    return `${x.toFixed(1)},${(31 - (value / top) * 29).toFixed(1)}`;
  });
  element(id).setAttribute('points', points.join(' '));
}
